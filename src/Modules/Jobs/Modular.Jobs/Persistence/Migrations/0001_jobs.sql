-- Documents, as Marten maps them (JobDocuments.cs; a test compares the two).
CREATE TABLE jobs.mt_doc_submission (
  id          uuid        NOT NULL,
  data        jsonb       NOT NULL,
  seq         bigint      NOT NULL,
  type        text        NOT NULL,
  queue       text        NOT NULL,
  created_at  timestamptz NOT NULL,
  CONSTRAINT pkey_mt_doc_submission_id PRIMARY KEY (id)
);
CREATE UNIQUE INDEX submission_seq ON jobs.mt_doc_submission USING btree ((seq));
CREATE INDEX submission_type_seq ON jobs.mt_doc_submission USING btree ((type), (seq));
CREATE INDEX submission_queue_seq ON jobs.mt_doc_submission USING btree ((queue), (seq));
CREATE INDEX submission_created_at ON jobs.mt_doc_submission USING brin ((created_at));
CREATE INDEX submission_tags ON jobs.mt_doc_submission USING gin ((CAST(data ->> 'tags' AS jsonb)) jsonb_path_ops);

CREATE TABLE jobs.mt_doc_outcome (
  id           uuid        NOT NULL,
  data         jsonb       NOT NULL,
  seq          bigint      NOT NULL,
  state        smallint    NOT NULL,
  finished_at  timestamptz NOT NULL,
  CONSTRAINT pkey_mt_doc_outcome_id PRIMARY KEY (id)
);
CREATE INDEX outcome_state_seq ON jobs.mt_doc_outcome USING btree ((state), (seq));
CREATE INDEX outcome_finished_at ON jobs.mt_doc_outcome USING brin ((finished_at));

-- The order of submission. No cache: a replica's cached block would put its later jobs before others' earlier ones.
CREATE SEQUENCE jobs.job_seq AS bigint;

-- Hot state of a job that has not ended: one narrow row, deleted at the end. States: 0 scheduled, 1 queued, 2 running.
-- No index holds what changes while a job runs (progress, event_seq), and pages keep room, so those updates stay heap-only.
CREATE TABLE jobs.entry (
  id                  uuid        PRIMARY KEY,
  seq                 bigint      NOT NULL,
  queue               text        NOT NULL,
  priority            smallint    NOT NULL,
  state               smallint    NOT NULL,
  attempt             smallint    NOT NULL DEFAULT 0,
  max_attempts        smallint    NOT NULL,
  lease               bigint      NOT NULL DEFAULT 0, -- fencing token: one more with every claim, never reused, never reset
  worker              int,                            -- the replica that holds it
  run_at              timestamptz,
  started_at          timestamptz,
  cancel_requested_at timestamptz,
  event_seq           int         NOT NULL DEFAULT 1, -- the latest event; 1 is the submission itself
  start_seq           int         NOT NULL DEFAULT 0, -- the running event of the current attempt
  log_lines           int         NOT NULL DEFAULT 0,
  progress            real,
  progress_message    text,
  attempts            jsonb                           -- attempts that ended; null for most jobs
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 5000);
CREATE INDEX entry_ready ON jobs.entry (queue, priority DESC, seq) WHERE state = 1;
CREATE INDEX entry_due ON jobs.entry (run_at) WHERE state = 0;
CREATE INDEX entry_held ON jobs.entry (worker) WHERE state = 2;

-- Append-only. seq counts per job and is taken while the job's entry is locked, so commit order is event order.
-- Kinds: 0 state, 1 progress, 2 log, 3 end. Most state events are derived from the record and have no row.
CREATE TABLE jobs.event (
  job_id uuid        NOT NULL,
  seq    int         NOT NULL,
  kind   smallint    NOT NULL,
  at     timestamptz NOT NULL,
  data   jsonb       NOT NULL,
  PRIMARY KEY (job_id, seq)
);

CREATE TABLE jobs.checkpoint (
  job_id   uuid        PRIMARY KEY,
  data     jsonb       NOT NULL,
  saved_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE jobs.artifact (
  job_id       uuid   NOT NULL,
  name         text   NOT NULL,
  key          text   NOT NULL,
  size         bigint NOT NULL,
  content_type text   NOT NULL,
  sha256       text   NOT NULL,
  PRIMARY KEY (job_id, name)
);

CREATE TABLE jobs.queue (
  name        text PRIMARY KEY,
  paused      boolean NOT NULL DEFAULT false,
  concurrency int CHECK (concurrency > 0)
);

-- One lease row per replica: renewing it keeps all that the replica holds.
CREATE TABLE jobs.replica (
  id           int         GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name         text        NOT NULL,
  version      text        NOT NULL,
  started_at   timestamptz NOT NULL DEFAULT now(),
  last_seen_at timestamptz NOT NULL DEFAULT now(),
  expires_at   timestamptz NOT NULL,
  capacity     int         NOT NULL,
  active       int         NOT NULL DEFAULT 0,
  draining     boolean     NOT NULL DEFAULT false,
  dead         boolean     NOT NULL DEFAULT false -- its lease was over and a rescuer said so: it can never renew
) WITH (fillfactor = 50);

-- Submissions with an Idempotency-Key, per API key, kept 24 h.
CREATE TABLE jobs.idempotency (
  owner      text        NOT NULL,
  key        text        NOT NULL,
  body_hash  bytea       NOT NULL,
  job_ids    uuid[]      NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (owner, key)
);
CREATE INDEX idempotency_created_at ON jobs.idempotency USING brin (created_at);

-- Samples for the charts, kept for a day.
CREATE TABLE jobs.depth (
  at      timestamptz PRIMARY KEY,
  queued  bigint NOT NULL,
  running bigint NOT NULL
);
