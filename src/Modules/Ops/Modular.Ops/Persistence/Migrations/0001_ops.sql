-- Documents, exactly as Marten declares them.
CREATE TABLE ops.mt_doc_api_key (
    id      uuid     NOT NULL,
    data    jsonb    NOT NULL,
CONSTRAINT pkey_mt_doc_api_key_id PRIMARY KEY (id)
);

CREATE UNIQUE INDEX api_key_hash ON ops.mt_doc_api_key USING btree ((data ->> 'hash'));

CREATE TABLE ops.mt_doc_audit_entry (
    id      uuid     NOT NULL,
    data    jsonb    NOT NULL,
CONSTRAINT pkey_mt_doc_audit_entry_id PRIMARY KEY (id)
);

-- The deployment's one random secret: one row, made by whichever replica comes first.
CREATE TABLE ops.secret (
    id          boolean      PRIMARY KEY DEFAULT true CHECK (id),
    value       bytea        NOT NULL,
    created_at  timestamptz  NOT NULL DEFAULT now()
);

-- When each key was last used; written often, so kept out of the documents.
CREATE TABLE ops.api_key_use (
    key_id        uuid         PRIMARY KEY,
    last_used_at  timestamptz  NOT NULL
);
