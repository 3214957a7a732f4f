-- The audit log becomes a chain: every row is sealed, in one order, by a hash over itself and all rows before it.
--
-- Rows are written by many transactions at once and become visible in any order. What orders them is the transaction
-- that wrote them, and then their id: once every transaction before some point has ended (pg_snapshot_xmin), nothing
-- can appear before that point any more, so that far the order is final and can be sealed.
ALTER TABLE audit_log ADD COLUMN xid xid8 NOT NULL DEFAULT pg_current_xact_id();
CREATE INDEX ix_audit_log_xid_id ON audit_log (xid, id);

-- What admins search by.
CREATE INDEX ix_audit_log_at_id ON audit_log (at, id);
CREATE INDEX ix_audit_log_action ON audit_log (action, at);
CREATE INDEX ix_audit_log_ip ON audit_log (ip, at);
CREATE INDEX ix_audit_log_request_id ON audit_log (request_id);

-- No foreign keys to the log: both tables can be parted by ranges (of id and of position) one day.
CREATE TABLE audit_seals (
    position bigint CONSTRAINT pk_audit_seals PRIMARY KEY CONSTRAINT ck_audit_seals_position CHECK (position > 0),
    audit_id uuid NOT NULL CONSTRAINT uq_audit_seals_audit_id UNIQUE,
    hash bytea NOT NULL CONSTRAINT ck_audit_seals_hash CHECK (octet_length(hash) = 32),
    sealed_at timestamptz NOT NULL DEFAULT now()
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_seals
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- How far the chain goes. Whoever holds this row's lock seals; every row of a transaction before the horizon is sealed.
CREATE TABLE audit_head (
    id smallint CONSTRAINT pk_audit_head PRIMARY KEY CONSTRAINT ck_audit_head_id CHECK (id = 1),
    position bigint NOT NULL,
    hash bytea NOT NULL CONSTRAINT ck_audit_head_hash CHECK (octet_length(hash) = 32),
    horizon xid8 NOT NULL,
    sealed_at timestamptz NOT NULL
);
INSERT INTO audit_head VALUES (1, 0, decode(repeat('00', 32), 'hex'), '0', now());

CREATE FUNCTION guard_audit_head() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.position <= OLD.position OR NEW.horizon < OLD.horizon THEN
        RAISE EXCEPTION 'the head of the audit log only moves forward' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER guard_audit_head BEFORE UPDATE ON audit_head FOR EACH ROW EXECUTE FUNCTION guard_audit_head();
CREATE TRIGGER append_only BEFORE DELETE OR TRUNCATE ON audit_head
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Files of sealed rows that were put into storage, each with the head it ends at.
CREATE TABLE audit_exports (
    position bigint CONSTRAINT pk_audit_exports PRIMARY KEY,
    after_position bigint NOT NULL,
    hash bytea NOT NULL CONSTRAINT ck_audit_exports_hash CHECK (octet_length(hash) = 32),
    storage_key text NOT NULL,
    size_bytes bigint NOT NULL,
    sha256 bytea NOT NULL CONSTRAINT ck_audit_exports_sha256 CHECK (octet_length(sha256) = 32),
    created_at timestamptz NOT NULL,
    CONSTRAINT uq_audit_exports_after_position UNIQUE (after_position),
    CONSTRAINT ck_audit_exports_range CHECK (position > after_position)
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_exports
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
