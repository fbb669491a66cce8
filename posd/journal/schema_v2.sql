-- What version 2 adds to version 1: days that were archived leave gaps in the chain of events, and each gap says how
-- the chain goes on behind it.

CREATE TABLE gaps (
    first_seq INTEGER PRIMARY KEY,          -- the first event that is not here any more
    last_seq  INTEGER NOT NULL,             -- the last of them in a row
    before    BLOB NOT NULL,                -- the hash of the event in front of the gap
    after     BLOB NOT NULL                 -- the hash of its last event
) STRICT;
CREATE INDEX keys_by_subject ON idempotency_keys (subject_id);
