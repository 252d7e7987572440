-- Documents, exactly as Marten declares them.
CREATE TABLE health.mt_doc_transition (
    id      uuid     NOT NULL,
    data    jsonb    NOT NULL,
CONSTRAINT pkey_mt_doc_transition_id PRIMARY KEY (id)
);
