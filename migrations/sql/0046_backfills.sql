-- How far each backfill came, so that a killed one goes on where it was.
CREATE TABLE backfills (
    name text NOT NULL,
    after text,
    changed bigint NOT NULL DEFAULT 0,
    updated_at timestamptz NOT NULL DEFAULT now(),
    done_at timestamptz,
    CONSTRAINT pk_backfills PRIMARY KEY (name)
);
