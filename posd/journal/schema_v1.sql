-- The journal, version 1. `events` is the truth and only ever grows; every other table follows from it, or stands in
-- for what must be as durable as it is (keys, notices), and is written in the same transaction.

CREATE TABLE events (
    seq        INTEGER PRIMARY KEY,
    at_ms      INTEGER NOT NULL,
    stream     TEXT NOT NULL,               -- the payment, refund or print job it happened to
    payment_id TEXT,                        -- the payment whose timeline shows it
    kind       TEXT NOT NULL,
    body       BLOB NOT NULL,               -- JSON
    hash       BLOB NOT NULL                -- SHA-256 over the hash before it and over this row
) STRICT;
CREATE INDEX events_by_stream ON events (stream, seq);
CREATE INDEX events_by_payment ON events (payment_id, seq) WHERE payment_id IS NOT NULL;

CREATE TABLE payments (
    position   INTEGER PRIMARY KEY,         -- in the order of creation
    payment_id TEXT NOT NULL UNIQUE,
    order_no   TEXT NOT NULL UNIQUE,
    date       TEXT NOT NULL,               -- business date, YYYY-MM-DD in the terminal's time zone
    status     TEXT NOT NULL,
    wallet     TEXT,
    reference  TEXT,
    live       INTEGER NOT NULL,            -- something is left to do
    state      BLOB NOT NULL                -- JSON
) STRICT;
CREATE INDEX payments_by_date ON payments (date, position);
CREATE INDEX payments_by_status ON payments (status, position);
CREATE INDEX payments_by_reference ON payments (reference, position) WHERE reference IS NOT NULL;
CREATE INDEX payments_live ON payments (position) WHERE live;

CREATE TABLE refunds (
    position   INTEGER PRIMARY KEY,
    refund_id  TEXT NOT NULL UNIQUE,
    refund_no  TEXT NOT NULL UNIQUE,
    payment_id TEXT NOT NULL REFERENCES payments (payment_id),
    date       TEXT NOT NULL,
    status     TEXT NOT NULL,
    holds      INTEGER NOT NULL,            -- fen it takes of the order's amount
    live       INTEGER NOT NULL,
    state      BLOB NOT NULL
) STRICT;
CREATE INDEX refunds_by_payment ON refunds (payment_id, position);
CREATE INDEX refunds_by_date ON refunds (date, position);
CREATE INDEX refunds_live ON refunds (position) WHERE live;

CREATE TABLE print_jobs (
    position   INTEGER PRIMARY KEY,
    job_id     TEXT NOT NULL UNIQUE,
    payment_id TEXT,
    refund_id  TEXT,
    kind       TEXT NOT NULL,
    copy_no    INTEGER NOT NULL,
    job_state  TEXT NOT NULL,
    live       INTEGER NOT NULL,
    state      BLOB NOT NULL
) STRICT;
CREATE INDEX print_jobs_by_payment ON print_jobs (payment_id, position) WHERE payment_id IS NOT NULL;
CREATE INDEX print_jobs_live ON print_jobs (position) WHERE live;

CREATE TABLE idempotency_keys (
    key         TEXT PRIMARY KEY,
    fingerprint BLOB NOT NULL,              -- SHA-256 of what was asked, without credentials
    subject_id  TEXT NOT NULL               -- the payment or refund it made
) STRICT, WITHOUT ROWID;

CREATE TABLE notices (
    id    INTEGER PRIMARY KEY AUTOINCREMENT, -- grows for ever: the id of the server-sent event
    at_ms INTEGER NOT NULL,
    kind  TEXT NOT NULL,
    data  BLOB NOT NULL                      -- JSON, as it is told
) STRICT;

CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
