-- Evidence: who, what, when, by which rules. Rows are only ever added, and nothing takes them away.
CREATE TABLE evidence (
    repository BIGINT NOT NULL,
    sequence   BIGINT NOT NULL,           -- its place in the repository's chain, from 1
    pr         BIGINT,
    subject    TEXT NOT NULL,             -- what goes on from one entry to the next
    cause      TEXT NOT NULL,
    entry      TEXT NOT NULL,             -- canonical JSON; all the rest can be read from it
    previous   TEXT NOT NULL,             -- the hash before it
    hash       TEXT NOT NULL,
    key        TEXT NOT NULL,
    signature  TEXT NOT NULL,
    PRIMARY KEY (repository, sequence)    -- the database itself keeps a chain from forking
);
CREATE INDEX evidence_by_subject ON evidence (repository, subject, sequence);
CREATE INDEX evidence_by_cause ON evidence (repository, cause);

-- Where each chain has got to.
CREATE TABLE evidence_heads (
    repository BIGINT NOT NULL PRIMARY KEY,
    name       TEXT NOT NULL,             -- what the repository was last called
    sequence   BIGINT NOT NULL,
    hash       TEXT NOT NULL
);

-- The public keys that have signed.
CREATE TABLE evidence_keys (
    id     TEXT NOT NULL PRIMARY KEY,
    public TEXT NOT NULL
);
