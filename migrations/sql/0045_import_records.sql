-- What came from the server before this one: a row of it is imported once, whatever ends the import half way.
CREATE TABLE import_records (
    source_table text NOT NULL,
    source_key text NOT NULL,
    imported_id uuid NOT NULL,
    fingerprint text NOT NULL,
    imported_at timestamptz NOT NULL,
    CONSTRAINT pk_import_records PRIMARY KEY (source_table, source_key)
);
