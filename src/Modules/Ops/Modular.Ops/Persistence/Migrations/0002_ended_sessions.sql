-- Sessions that were signed out of before their time; a row goes when the session would have ended anyway.
CREATE TABLE ops.ended_session (
    id          uuid         PRIMARY KEY,
    expires_at  timestamptz  NOT NULL
);
