-- A replica claims only what it knows how to run: during an upgrade the old ones leave the new job types alone.
-- Null: submitted by a version before this one; any replica may take it.
ALTER TABLE jobs.entry ADD COLUMN type text;
