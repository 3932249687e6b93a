-- What accepted merges left of each environment, against which drift is seen.
CREATE TABLE baselines (
    repository  BIGINT NOT NULL,
    environment TEXT NOT NULL,
    at          BIGINT NOT NULL,
    baseline    TEXT NOT NULL,            -- JSON
    PRIMARY KEY (repository, environment)
);
