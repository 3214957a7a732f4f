-- Files on their way into evidence. ``upload_key`` is where the client may put the file, ``storage_key`` where what was
-- checked is kept; both objects belong to this row until ``cleaned_at``. A slot is held while an upload may still be
-- completed: there are only so many of them per user.
CREATE TABLE evidence_uploads (
    id uuid PRIMARY KEY,
    order_id uuid NOT NULL REFERENCES orders (id),
    uploaded_by uuid NOT NULL REFERENCES users (id),
    file_name text NOT NULL,
    content_type text NOT NULL,
    size_bytes bigint NOT NULL CONSTRAINT ck_evidence_uploads_size_bytes CHECK (size_bytes > 0),
    upload_key text,
    storage_key text NOT NULL CONSTRAINT uq_evidence_uploads_storage_key UNIQUE,
    status text NOT NULL CONSTRAINT ck_evidence_uploads_status CHECK (status IN ('pending', 'completed', 'expired')),
    slot integer,
    evidence_id uuid CONSTRAINT uq_evidence_uploads_evidence_id UNIQUE REFERENCES evidence (id),
    expires_at timestamptz NOT NULL,
    cleaned_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    version integer NOT NULL DEFAULT 1,
    CONSTRAINT ck_evidence_uploads_completed CHECK ((status = 'completed') = (evidence_id IS NOT NULL)),
    CONSTRAINT ck_evidence_uploads_slot_status CHECK (slot IS NULL OR status = 'pending'),
    CONSTRAINT uq_evidence_uploads_uploaded_by_slot UNIQUE (uploaded_by, slot)
);

CREATE INDEX ix_evidence_uploads_order_id ON evidence_uploads (order_id);
CREATE INDEX ix_evidence_uploads_expires_at_uncleaned ON evidence_uploads (expires_at) WHERE cleaned_at IS NULL;
