-- What was told of each environment's drift, and which issue tells it.
CREATE TABLE told_drift (
    repository  BIGINT NOT NULL,
    environment TEXT NOT NULL,
    told        TEXT NOT NULL,            -- JSON
    PRIMARY KEY (repository, environment)
);
