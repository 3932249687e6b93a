-- What ended long ago is found without looking at all the rest.
CREATE INDEX jobs_by_end ON jobs (ended_at) WHERE state IN ('done', 'replaced');
CREATE INDEX deliveries_by_end ON deliveries (settled_at) WHERE state = 'routed';
CREATE INDEX causes_of_a_job ON causes (job);
