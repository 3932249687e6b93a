-- Repositories that the App is installed on.
CREATE TABLE repositories (
    id           BIGINT NOT NULL PRIMARY KEY,
    name         TEXT NOT NULL,           -- as it is called now
    installation BIGINT NOT NULL,
    config_sha   TEXT                     -- the configuration that `follows` was read from
);
CREATE INDEX repositories_by_installation ON repositories (installation);

-- A repository's configuration names its sources; their ids are noted when first met.
CREATE TABLE follows (
    repository BIGINT NOT NULL,
    source     TEXT NOT NULL,             -- owner/name in lower case
    source_id  BIGINT,
    PRIMARY KEY (repository, source)
);
CREATE INDEX follows_by_source ON follows (source);
CREATE INDEX follows_by_source_id ON follows (source_id);

-- What was decided, before its first effect. Rows are only ever added.
CREATE TABLE history (
    id         {sequence},
    at         BIGINT NOT NULL,
    repository BIGINT NOT NULL,
    subject    TEXT NOT NULL,
    delivery   TEXT,
    job        BIGINT,
    intent     TEXT NOT NULL,             -- JSON
    decision   TEXT NOT NULL              -- JSON
);
CREATE INDEX history_by_subject ON history (repository, subject, id);
CREATE INDEX history_by_delivery ON history (delivery) WHERE delivery IS NOT NULL;

-- Which versions were seen to run where, in order.
CREATE TABLE runs (
    id          {sequence},
    repository  BIGINT NOT NULL,
    environment TEXT NOT NULL,
    application TEXT NOT NULL,
    version     TEXT NOT NULL,
    sha         TEXT NOT NULL,
    at          BIGINT NOT NULL
);
CREATE INDEX runs_by_place ON runs (repository, environment, application, id);

-- Where something that goes on for ever has got to.
CREATE TABLE marks (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);
