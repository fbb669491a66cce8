"""The journal: what happened, on disk before anything follows from it.

    Batch(facts, projections, keys, notices) ─► Journal.append() ─► one transaction, synced ─► notices are told

One read-write connection on a thread of its own commits what has gathered, so that many callers share one sync. Readers
have a read-only connection on another thread and see only what is durable. A lock file keeps a second writer out.
"""
