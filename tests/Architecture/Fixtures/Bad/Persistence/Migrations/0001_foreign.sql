-- health.history is only talked about here.
CREATE SCHEMA IF NOT EXISTS storage;
ALTER TABLE bad.thing ADD CONSTRAINT thing_job FOREIGN KEY (job) REFERENCES jobs.job (id);
