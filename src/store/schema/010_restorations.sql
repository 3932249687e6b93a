-- Applications of Argo CD that are brought back, written down before anything is done to them.
CREATE TABLE restorations (
    repository BIGINT NOT NULL,
    pr         BIGINT NOT NULL,
    target     TEXT NOT NULL,
    ended      BIGINT NOT NULL,           -- 1 when nothing is left to do
    off_since  BIGINT,                    -- since when we keep automatic sync off
    record     TEXT NOT NULL,             -- JSON
    told       TEXT NOT NULL,             -- what was told last, as a digest
    reminded   BIGINT NOT NULL,           -- how many hours people were reminded of
    PRIMARY KEY (repository, pr, target)
);
CREATE INDEX restorations_open ON restorations (repository) WHERE ended = 0;
