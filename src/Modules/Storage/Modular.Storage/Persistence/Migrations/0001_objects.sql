-- Documents as Marten lays them out (a test compares these with what Marten would make), and the store's identity.
CREATE TABLE IF NOT EXISTS storage.mt_doc_object (
    id            varchar                     NOT NULL,
    data          jsonb                       NOT NULL,
    blob_id       uuid                        NOT NULL,
    expires_at    timestamp with time zone    NULL,
    job_id        uuid                        NULL,
CONSTRAINT pkey_mt_doc_object_id PRIMARY KEY (id)
);

CREATE INDEX object_blob_id ON storage.mt_doc_object USING btree (blob_id);

CREATE INDEX object_expires_at ON storage.mt_doc_object USING btree (expires_at) WHERE (expires_at IS NOT NULL);

CREATE INDEX object_job_id ON storage.mt_doc_object USING btree (job_id) WHERE (job_id IS NOT NULL);

CREATE INDEX object_key_ordinal ON storage.mt_doc_object USING btree ((id) COLLATE "C");

CREATE TABLE IF NOT EXISTS storage.mt_doc_upload (
    id            uuid                        NOT NULL,
    data          jsonb                       NOT NULL,
    blob_id       uuid                        NULL,
    expires_at    timestamp with time zone    NOT NULL,
CONSTRAINT pkey_mt_doc_upload_id PRIMARY KEY (id)
);

CREATE INDEX upload_blob_id ON storage.mt_doc_upload USING btree (blob_id) WHERE (blob_id IS NOT NULL);

CREATE INDEX upload_expires_at ON storage.mt_doc_upload USING btree (expires_at);

-- Which blob store belongs to this database: one row, or none before the first start.
CREATE TABLE storage.store_identity (
    singleton     boolean                     PRIMARY KEY DEFAULT true CHECK (singleton),
    identity      uuid                        NOT NULL,
    written_at    timestamp with time zone    NOT NULL DEFAULT now(),
    swept_at      timestamp with time zone    NULL
);
