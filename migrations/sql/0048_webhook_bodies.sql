-- What providers sent is by far the largest part of what is kept of an event, and the first that nobody needs any more.
-- It goes into a table of months, which are dropped as a whole. What stays is in payment_webhook_info, whose key of
-- provider and event knows no months: the same event is one event, however late it comes again.

CREATE TABLE payment_webhook_bodies (
    webhook_id uuid NOT NULL,
    body bytea NOT NULL,
    CONSTRAINT pk_payment_webhook_bodies PRIMARY KEY (webhook_id)
) PARTITION BY RANGE (webhook_id);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON payment_webhook_bodies
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- few rows: none, the months are empty.
DO $$
BEGIN
    EXECUTE format('CREATE TABLE payment_webhook_bodies_first PARTITION OF payment_webhook_bodies'
                   ' FOR VALUES FROM (MINVALUE) TO (%L)',
                   first_id_at((date_trunc('month', now() AT TIME ZONE 'UTC') + interval '1 month') AT TIME ZONE 'UTC'));
    CREATE TABLE payment_webhook_bodies_default PARTITION OF payment_webhook_bodies DEFAULT;
    PERFORM guard_partition('payment_webhook_bodies', 'payment_webhook_bodies_first'),
            guard_partition('payment_webhook_bodies', 'payment_webhook_bodies_default');
    WHILE make_months(now(), 3, 0) > 0 LOOP
    END LOOP;
END $$;

-- The program before takes a lock on the state and then on the event, when it runs the statement it has prepared, and the
-- other way round when it prepares it. Whoever stands in between is let through, and the migration comes again.
LOCK TABLE payment_webhook_state IN ACCESS EXCLUSIVE MODE;
LOCK TABLE payment_webhook_info IN ACCESS EXCLUSIVE MODE NOWAIT;

-- What was sent until now stays where it is, and the program before goes on writing it there: no row is copied. No
-- program has ever read it again.
ALTER TABLE payment_webhook_info
    -- squawk-ignore ban-drop-not-null
    ALTER COLUMN body DROP NOT NULL,
    ADD COLUMN body_sha256 bytea;

-- Both rows are written by one statement and an event is never deleted; looking for it again cost a tenth of storing it.
-- squawk-ignore ban-drop-constraint
ALTER TABLE payment_webhook_state DROP CONSTRAINT fk_payment_webhook_state_webhook_id_payment_webhook_info;

DROP TRIGGER append_only ON payment_webhook_info;
CREATE TRIGGER append_only BEFORE DELETE OR TRUNCATE ON payment_webhook_info
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
-- All that may ever happen to a row: that its body goes, and leaves its digest.
CREATE TRIGGER forgets_only BEFORE UPDATE ON payment_webhook_info FOR EACH ROW
    WHEN (NEW.body IS NOT NULL OR OLD.body IS NULL
          OR OLD.body_sha256 IS NOT NULL AND NEW.body_sha256 IS DISTINCT FROM OLD.body_sha256
          OR (NEW.id, NEW.provider, NEW.dedupe_key, NEW.event_type, NEW.subject, NEW.reference, NEW.headers,
              NEW.received_at)
             IS DISTINCT FROM
             (OLD.id, OLD.provider, OLD.dedupe_key, OLD.event_type, OLD.subject, OLD.reference, OLD.headers,
              OLD.received_at))
    EXECUTE FUNCTION refuse_change();

-- Whether an event of these ids waits, or was left to people: then what was sent may still be looked at.
CREATE FUNCTION has_open_webhooks(from_id uuid, until_id uuid) RETURNS boolean
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT EXISTS (SELECT FROM payment_webhook_state AS s WHERE s.state = 'parked'
                   AND s.webhook_id >= coalesce(from_id, s.webhook_id) AND s.webhook_id < until_id)
        OR EXISTS (SELECT FROM payment_webhook_state AS s WHERE s.state = 'received'
                   AND s.webhook_id >= coalesce(from_id, s.webhook_id) AND s.webhook_id < until_id)
$$;

-- Takes away the months of bodies that ended so many days before ``moment``, one in which nothing is open at a time, and
-- returns how many. A month that somebody still has to look into stays until then.
CREATE FUNCTION drop_webhook_months(days integer, moment timestamptz DEFAULT now()) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '1s' AS $$
DECLARE
    month record;
BEGIN
    IF days < 30 THEN
        RAISE EXCEPTION 'bodies of webhooks are kept for 30 days at least' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    FOR month IN SELECT m.partition, m.from_id, m.until_id FROM month_partitions AS m
        WHERE m.parent = 'payment_webhook_bodies' AND NOT m.is_default
            AND m.until_id <= first_id_at(moment - make_interval(days => days)) ORDER BY m.until_id
    LOOP
        CONTINUE WHEN has_open_webhooks(month.from_id, month.until_id);
        LOCK TABLE payment_webhook_bodies IN ACCESS EXCLUSIVE MODE;
        -- Another worker may have been first.
        CONTINUE WHEN to_regclass(format('public.%I', month.partition)) IS NULL;
        EXECUTE format('ALTER TABLE payment_webhook_bodies DETACH PARTITION %I', month.partition);
        EXECUTE format('DROP TABLE %I', month.partition);
        RETURN 1;
    END LOOP;
    RETURN 0;
END $$;

-- Forgets bodies from before there were months, each in exchange for its digest, and returns how many.
CREATE FUNCTION forget_webhook_bodies(ids uuid[], digests bytea[]) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '1s' AS $$
DECLARE
    forgotten integer;
BEGIN
    UPDATE payment_webhook_info AS i SET body = NULL, body_sha256 = f.digest
    FROM unnest(ids, digests) AS f (id, digest)
    WHERE i.id = f.id AND i.body IS NOT NULL AND i.id < first_id_at(now() - interval '30 days');
    GET DIAGNOSTICS forgotten = ROW_COUNT;
    RETURN forgotten;
END $$;
