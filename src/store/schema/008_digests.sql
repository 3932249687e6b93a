-- Which manifest a tag was when it was first seen to run in an environment.
CREATE TABLE digests (
    repository  BIGINT NOT NULL,
    environment TEXT NOT NULL,
    image       TEXT NOT NULL,            -- its name, registry included
    tag         TEXT NOT NULL,
    digest      TEXT NOT NULL,
    at          BIGINT NOT NULL,          -- when it was first seen
    PRIMARY KEY (repository, environment, image, tag)
);
