-- What people did that binds. Rows are added and ended, never changed otherwise nor deleted.
CREATE TABLE acts (
    id          {sequence},
    repository  BIGINT NOT NULL,
    kind        TEXT NOT NULL,
    cause       TEXT NOT NULL,            -- what it came from
    pr          BIGINT,
    environment TEXT,
    application TEXT,
    subject     TEXT NOT NULL,            -- a label, a gate, an image tag, or nothing
    head        TEXT,
    by_id       BIGINT NOT NULL,
    by_login    TEXT NOT NULL,
    by_bot      BIGINT NOT NULL CHECK (by_bot IN (0, 1)),
    reason      TEXT NOT NULL,
    at          BIGINT NOT NULL,
    until       BIGINT,                   -- when it ends by itself
    ended_at    BIGINT,
    ended_by    TEXT,                     -- a login; none when Usher ended it
    ended_why   TEXT,
    UNIQUE (repository, cause)            -- once for ever, also after its end
);
CREATE INDEX acts_that_stand ON acts (repository, at, id) WHERE ended_at IS NULL;
CREATE INDEX acts_of_a_pull ON acts (repository, pr, at, id);

-- Comments whose commands were answered, each once for ever.
CREATE TABLE commands (
    repository BIGINT NOT NULL,           -- where the comment stands
    comment    BIGINT NOT NULL,
    author     BIGINT NOT NULL,
    thread     BIGINT NOT NULL,           -- the pull request or issue
    lines      BIGINT NOT NULL,           -- how many commands it held
    refused    BIGINT NOT NULL CHECK (refused IN (0, 1)),
    at         BIGINT NOT NULL,           -- when they were answered
    PRIMARY KEY (repository, comment)
);
CREATE INDEX commands_of_a_person ON commands (author, at);
CREATE INDEX commands_by_age ON commands (at);

-- When a pull request was seen to get which head.
CREATE TABLE heads (
    id         {sequence},
    repository BIGINT NOT NULL,
    pr         BIGINT NOT NULL,
    sha        TEXT NOT NULL,
    at         BIGINT NOT NULL,
    UNIQUE (repository, pr, at, sha)
);
CREATE INDEX heads_by_age ON heads (at);

-- What ran as a whole: its image entries (JSON), and the pull request that brought it.
ALTER TABLE runs ADD COLUMN entries TEXT;
ALTER TABLE runs ADD COLUMN pr BIGINT;
