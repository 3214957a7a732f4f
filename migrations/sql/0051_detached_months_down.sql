-- What is detached would be found missing by the program before.
DO $$
BEGIN
    IF EXISTS (SELECT FROM detached_months AS d WHERE NOT EXISTS (
               SELECT FROM month_partitions AS m WHERE m.partition = d.partition)) THEN
        RAISE EXCEPTION 'attach the detached months of the audit log first';
    END IF;
END $$;
DROP FUNCTION detach_audit_month(text, bigint, bigint, bigint, bytea, text, bytea), digest_of_seals(uuid, uuid, bigint);
DROP TABLE detached_months;
