-- Unlike jobs.job, which is only talked about here.
CREATE TABLE good.thing (id uuid PRIMARY KEY, name text NOT NULL, host text, file text);
