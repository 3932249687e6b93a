-- What Usher's own pages show, for as long as a link to them may open.
CREATE TABLE pages (
    repository   BIGINT NOT NULL,
    pr           BIGINT NOT NULL,
    head         TEXT NOT NULL,
    installation BIGINT NOT NULL,         -- with it the page goes
    at           BIGINT NOT NULL,         -- when it was last so, as far as was noted
    content      TEXT NOT NULL,           -- JSON
    PRIMARY KEY (repository, pr, head)
);
CREATE INDEX pages_by_age ON pages (at);
CREATE INDEX pages_by_installation ON pages (installation);
