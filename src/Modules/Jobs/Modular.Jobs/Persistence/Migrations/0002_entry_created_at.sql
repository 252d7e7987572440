-- The age of a queue is asked every few seconds: read from the entry itself, it needs no look at every submission.
-- A replica of the version before goes on writing entries without it: their age counts from the insert, which is the same moment.
ALTER TABLE jobs.entry ADD COLUMN created_at timestamptz NOT NULL DEFAULT now();
UPDATE jobs.entry e SET created_at = s.created_at FROM jobs.mt_doc_submission s WHERE s.id = e.id;
