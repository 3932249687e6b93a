-- Words in braces differ between SQLite and PostgreSQL; `store/database.rs` fills them in.
-- Instants are microseconds since 1970 (UTC).

CREATE TABLE deliveries (
    arrived     {sequence},               -- order of arrival
    id          TEXT NOT NULL UNIQUE,     -- X-GitHub-Delivery
    event       TEXT NOT NULL,
    headers     TEXT NOT NULL,            -- JSON: [[name, value], …]
    state       TEXT NOT NULL CHECK (state IN ('unrouted', 'routed', 'buried')),
    reason      TEXT,                     -- why it was buried
    received_at BIGINT NOT NULL,
    settled_at  BIGINT,                   -- when it was routed or buried
    body        {bytes} NOT NULL          -- raw, last: large values are then skipped cheaply
);
CREATE INDEX deliveries_to_route ON deliveries (arrived) WHERE state = 'unrouted';

CREATE TABLE jobs (
    id           {sequence},
    lane         TEXT NOT NULL,           -- what is written to; one job of a lane at a time
    subject      TEXT,                    -- waiting jobs of one lane and subject are one job
    intent       TEXT NOT NULL,           -- JSON
    delivery     TEXT,                    -- the delivery that last asked for it
    state        TEXT NOT NULL CHECK (state IN ('waiting', 'leased', 'done', 'buried', 'replaced')),
    urgent       BIGINT NOT NULL CHECK (urgent IN (0, 1)),
    attempts     BIGINT NOT NULL,         -- how often it was claimed
    place        BIGINT NOT NULL,         -- when it was first due: its place in the lane
    due_at       BIGINT NOT NULL,         -- not claimed before; a back-off moves it, not the place
    lease        TEXT,                    -- who holds it, while leased
    leased_until BIGINT,
    reason       TEXT,                    -- why it was released, buried or replaced
    created_at   BIGINT NOT NULL,
    ended_at     BIGINT
);
-- The database itself holds these two, whatever several replicas do at once.
CREATE UNIQUE INDEX one_leased_job_of_a_lane ON jobs (lane) WHERE state = 'leased';
CREATE UNIQUE INDEX one_waiting_job_of_a_subject ON jobs (lane, subject) WHERE state = 'waiting';
CREATE INDEX jobs_in_order ON jobs (urgent DESC, place, id) WHERE state = 'waiting';
CREATE INDEX jobs_in_lane ON jobs (lane, urgent DESC, place, id) WHERE state = 'waiting';
CREATE INDEX jobs_by_due ON jobs (due_at) WHERE state = 'waiting';
CREATE INDEX jobs_by_lease ON jobs (leased_until) WHERE state = 'leased';

-- Which deliveries asked for a job: several, when it was waiting already.
CREATE TABLE causes (
    delivery TEXT NOT NULL,
    job      BIGINT NOT NULL,
    PRIMARY KEY (delivery, job)
);
