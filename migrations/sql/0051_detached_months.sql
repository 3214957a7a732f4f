-- A month of the audit log that is in files may leave its table. Its seals stay, so the chain goes on being whole; what
-- they were when it left is said here, and by the file of what left.

CREATE TABLE detached_months (
    partition text NOT NULL,
    parent text NOT NULL CONSTRAINT ck_detached_months_parent CHECK (parent = 'audit_log'),
    from_id uuid,
    until_id uuid NOT NULL,
    row_count bigint NOT NULL,
    first_position bigint NOT NULL,
    through_position bigint NOT NULL,
    seals_sha256 bytea NOT NULL,
    manifest_key text NOT NULL,
    manifest_sha256 bytea NOT NULL,
    detached_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_detached_months PRIMARY KEY (partition)
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON detached_months
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- The digest over position and hash of every seal of a month's rows.
CREATE FUNCTION digest_of_seals(from_id uuid, until_id uuid, through bigint) RETURNS bytea
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT sha256(coalesce(string_agg(int8send(s.position) || s.hash, ''::bytea ORDER BY s.position), ''::bytea))
    FROM audit_seals AS s
    WHERE s.audit_id >= coalesce(digest_of_seals.from_id, '00000000-0000-0000-0000-000000000000')
      AND s.audit_id < digest_of_seals.until_id AND s.position <= through
$$;

-- Takes a month out of the audit log, if it is still what was written to the file. For the owner alone: whoever may not
-- delete a row may not take a month away. Everybody who writes a decision waits for as long as the catalog takes to change.
CREATE FUNCTION detach_audit_month(month text, expected bigint, first bigint, through bigint, digest bytea, key text,
                                   manifest bytea) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp SET lock_timeout = '2s' AS $$
DECLARE
    leaving record;
    counted bigint;
BEGIN
    -- Only who writes to this month waits while it is counted; two of these take turns here.
    EXECUTE format('LOCK TABLE %I IN SHARE ROW EXCLUSIVE MODE', month);
    SELECT m.* INTO leaving FROM month_partitions AS m
    WHERE m.parent = 'audit_log' AND m.partition = month AND NOT m.is_default;
    IF NOT FOUND THEN
        RAISE EXCEPTION '% is no month of the audit log', month USING ERRCODE = 'undefined_table';
    END IF;
    EXECUTE format('SELECT count(*) FROM %I', month) INTO counted;
    IF counted <> expected OR digest_of_seals(leaving.from_id, leaving.until_id, through) <> digest THEN
        RAISE EXCEPTION '% is not what was written to its file', month USING ERRCODE = 'serialization_failure';
    END IF;
    INSERT INTO detached_months (partition, parent, from_id, until_id, row_count, first_position, through_position,
                                 seals_sha256, manifest_key, manifest_sha256)
    VALUES (month, 'audit_log', leaving.from_id, leaving.until_id, counted, first, through, digest, key, manifest)
    ON CONFLICT DO NOTHING;
    -- Attached by hand again meanwhile, it has to be what it was.
    IF NOT EXISTS (SELECT FROM detached_months AS d WHERE d.partition = month AND d.row_count = counted
                   AND d.through_position = through AND d.seals_sha256 = digest) THEN
        RAISE EXCEPTION '% is not what left before', month USING ERRCODE = 'serialization_failure';
    END IF;
    LOCK TABLE audit_log IN ACCESS EXCLUSIVE MODE;
    EXECUTE format('ALTER TABLE audit_log DETACH PARTITION %I', month);
END $$;
