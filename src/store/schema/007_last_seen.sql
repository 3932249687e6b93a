-- Where and when what runs was last seen to run: what comes after it was not seen without a break.
ALTER TABLE runs ADD COLUMN last_sha TEXT;
ALTER TABLE runs ADD COLUMN last_at BIGINT;
