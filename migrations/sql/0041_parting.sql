-- Tables that grow by every request are parted by month. Their keys are UUIDv7, which begin with the time, so ranges of
-- the key are ranges of time: the key stays unique on its own, and a row is looked for in one month alone.

CREATE FUNCTION moment_of_id(id uuid) RETURNS timestamptz LANGUAGE sql STABLE STRICT AS $$
    SELECT to_timestamp(('x' || left(replace(id::text, '-', ''), 12))::bit(48)::bigint / 1000.0)
$$;

-- The partitions of every parted table; ``from_id`` of the first and both bounds of the default one are NULL.
CREATE VIEW month_partitions AS
SELECT p.relname::text AS parent, c.relname::text AS partition, k.attname::text AS key,
       bound.words = 'DEFAULT' AS is_default,
       substring(bound.words FROM 'FROM \(''([0-9a-f-]{36})''\)')::uuid AS from_id,
       substring(bound.words FROM 'TO \(''([0-9a-f-]{36})''\)')::uuid AS until_id
FROM pg_partitioned_table AS t
JOIN pg_class AS p ON p.oid = t.partrelid
JOIN pg_attribute AS k ON k.attrelid = p.oid AND k.attnum = t.partattrs[0]
JOIN pg_inherits AS i ON i.inhparent = p.oid
JOIN pg_class AS c ON c.oid = i.inhrelid
CROSS JOIN LATERAL (SELECT pg_get_expr(c.relpartbound, c.oid) AS words) AS bound
WHERE p.relnamespace = 'public'::regnamespace;

-- A statement that names a partition fires the triggers of that partition alone: each has all of its parent's.
CREATE FUNCTION guard_partition(parent text, partition text) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    definition text;
BEGIN
    FOR definition IN SELECT pg_get_triggerdef(g.oid) FROM pg_trigger AS g
        WHERE g.tgrelid = parent::regclass AND NOT g.tgisinternal AND g.tgtype & 1 = 0 ORDER BY g.tgname
    LOOP
        EXECUTE replace(definition, format(' ON public.%I ', parent), format(' ON public.%I ', partition));
    END LOOP;
END $$;

-- Makes one missing month, of those up to ``ahead`` months after ``moment``, and returns whether there was one, as a
-- number. Rows of that month that the default partition had to take move into it; a default partition with more than
-- ``most`` rows is left to people, and its table gets no month. Harmless in several workers at once.
--
-- Attaching an empty table lets readers and writers of the others through; only postings wait the few milliseconds, for
-- the entries' foreign key. Moving rows replaces the default partition, and everybody who uses the table waits;
-- nothing is deleted, and no trigger is switched off.
CREATE FUNCTION make_months(moment timestamptz, ahead integer, most integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET timezone = 'UTC' SET lock_timeout = '1s' AS $$
DECLARE
    target record;
    starts timestamptz;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtextextended('kro months', 0)) THEN
        RETURN 0;
    END IF;
    FOR target IN SELECT parent, key, max(partition) FILTER (WHERE is_default) AS rest, max(until_id::text)::uuid AS made
        FROM month_partitions GROUP BY parent, key ORDER BY parent
    LOOP
        starts := moment_of_id(target.made);
        IF starts <= date_trunc('month', moment) + make_interval(months => ahead)
            AND make_month(target.parent, target.key, target.rest, starts, most) THEN
            RETURN 1;
        END IF;
    END LOOP;
    RETURN 0;
END $$;

CREATE FUNCTION make_month(parent text, key text, rest text, starts timestamptz, most integer) RETURNS boolean
LANGUAGE plpgsql SET search_path = public, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    name text := format('%s_%s', parent, to_char(starts, 'YYYY_MM'));
    first_id uuid := first_id_at(starts);
    end_id uuid := first_id_at(starts + interval '1 month');
    strays bigint := 0;
    others bigint := 0;
    written_before regclass;
BEGIN
    FOR written_before IN SELECT confrelid FROM pg_constraint WHERE conrelid = parent::regclass AND contype = 'f' LOOP
        EXECUTE format('LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE', written_before);
    END LOOP;
    IF rest IS NOT NULL THEN
        EXECUTE format('LOCK TABLE %I IN ACCESS EXCLUSIVE MODE', rest);
        EXECUTE format('SELECT count(*) FILTER (WHERE %1$I >= $1 AND %1$I < $2), count(*) FROM %2$I', key, rest)
            INTO strays, others USING first_id, end_id;
        IF strays > 0 AND others > most THEN
            RETURN false;
        END IF;
    END IF;
    EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', name, parent);
    IF strays > 0 THEN
        EXECUTE format('INSERT INTO %I SELECT * FROM %I WHERE %3$I >= $1 AND %3$I < $2', name, rest, key)
            USING first_id, end_id;
        EXECUTE format('ALTER TABLE %I DETACH PARTITION %I', parent, rest);
        EXECUTE format('ALTER TABLE %I RENAME TO %I', rest, rest || '_replaced');
        EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', rest, parent);
        EXECUTE format('INSERT INTO %I SELECT * FROM %I WHERE %3$I < $1 OR %3$I >= $2', rest, rest || '_replaced', key)
            USING first_id, end_id;
        EXECUTE format('DROP TABLE %I', rest || '_replaced');
        PERFORM guard_partition(parent, rest);
        EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I DEFAULT', parent, rest);
        PERFORM tell_of_strays(format('%s rows of %s moved into their month', strays, parent), format(
            'They came before %s was there, and lay in %s until now. Ask why the worker made no months ahead.',
            name, rest));
    END IF;
    PERFORM guard_partition(parent, name);
    EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', parent, name, first_id, end_id);
    RETURN true;
END $$;

CREATE FUNCTION tell_of_strays(subject text, detail text) RETURNS void
LANGUAGE sql SET search_path = public, pg_temp AS $$
    INSERT INTO outbox (id, topic, payload)
    -- A UUIDv7: the time, the version, and the rest by chance.
    SELECT (left(first_id_at(clock_timestamp())::text, 14) || '7' || substr(gen_random_uuid()::text, 16))::uuid,
           'alert', jsonb_build_object('kind', 'rows_without_month', 'subject', subject, 'detail', detail)
$$;

-- Takes away the months of the outbox that ended before ``moment`` and have nothing left in them, and returns how many.
-- A month in which a message waits or is dead stays until that is settled.
CREATE FUNCTION drop_emptied_months(moment timestamptz) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '1s' AS $$
DECLARE
    month text;
    empty boolean;
    dropped integer := 0;
BEGIN
    FOR month IN SELECT partition FROM month_partitions
        WHERE parent = 'outbox' AND NOT is_default AND until_id < first_id_at(moment - interval '1 day') ORDER BY until_id
    LOOP
        EXECUTE format('SELECT NOT EXISTS (SELECT FROM %I)', month) INTO empty;
        CONTINUE WHEN NOT empty;
        LOCK TABLE outbox IN ACCESS EXCLUSIVE MODE;
        EXECUTE format('SELECT NOT EXISTS (SELECT FROM %I)', month) INTO empty;
        CONTINUE WHEN NOT empty;
        EXECUTE format('ALTER TABLE outbox DETACH PARTITION %I', month);
        EXECUTE format('DROP TABLE %I', month);
        dropped := dropped + 1;
    END LOOP;
    RETURN dropped;
END $$;

-- What the default partitions hold, which nothing should ever need.
CREATE FUNCTION count_strays() RETURNS TABLE (parent text, strays bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    target record;
BEGIN
    FOR target IN SELECT m.parent, m.partition FROM month_partitions AS m WHERE m.is_default ORDER BY m.parent LOOP
        parent := target.parent;
        EXECUTE format('SELECT count(*) FROM %I', target.partition) INTO strays;
        IF strays > 0 THEN
            RETURN NEXT;
        END IF;
    END LOOP;
END $$;

-- What makes a table one of months, and undoes it; used by migrations alone.

-- Everything from now on is before the month after next, and says so itself. Validated in the next revision.
CREATE FUNCTION limit_to_first_months(target text, key text) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp SET timezone = 'UTC' AS $$
BEGIN
    EXECUTE format('ALTER TABLE %I ADD CONSTRAINT first_months CHECK (%I < %L) NOT VALID', target, key,
                   first_id_at(date_trunc('month', now()) + interval '2 months'));
END $$;

-- The names and definitions of what belongs to a table, as statements that make the same for a table of that name.
CREATE FUNCTION recipe_of(target text, called text) RETURNS text[]
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    statements text[];
BEGIN
    SELECT array_agg(s.statement ORDER BY s.place, s.statement) INTO statements FROM (
        SELECT 1 AS place, format('ALTER TABLE %I ADD CONSTRAINT %I %s', called, replace(c.conname, target, called),
                                  pg_get_constraintdef(c.oid)) AS statement
        FROM pg_constraint AS c WHERE c.conrelid = target::regclass AND c.contype IN ('p', 'u', 'f')
            AND c.conparentid = 0
        UNION ALL
        SELECT 2, replace(replace(pg_get_indexdef(i.indexrelid), ' ON ONLY ', ' ON '), target, called)
        FROM pg_index AS i WHERE i.indrelid = target::regclass
            AND NOT EXISTS (SELECT FROM pg_constraint AS c WHERE c.conindid = i.indexrelid AND c.conrelid = i.indrelid)
        UNION ALL
        SELECT 3, replace(pg_get_triggerdef(g.oid), format(' ON public.%I ', target), format(' ON public.%I ', called))
        FROM pg_trigger AS g WHERE g.tgrelid = target::regclass AND NOT g.tgisinternal
        UNION ALL
        SELECT 4, format('GRANT %s ON %I TO %I', a.privilege_type, called, a.grantee::regrole)
        FROM pg_class AS t, aclexplode(t.relacl) AS a
        WHERE t.oid = target::regclass AND a.grantee NOT IN (0, t.relowner)
        UNION ALL
        SELECT 4, format('GRANT %s (%I) ON %I TO %I', a.privilege_type, n.attname, called, a.grantee::regrole)
        FROM pg_attribute AS n, aclexplode(n.attacl) AS a
        WHERE n.attrelid = target::regclass AND a.grantee <> 0) AS s;
    RETURN statements;
END $$;

-- The table itself becomes the first partition, without a row being read or copied: its constraint is validated.
CREATE FUNCTION part_by_month(target text, key text) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    old text := target || '_first';
    bound uuid;
    name text;
    statement text;
    statements text[] := recipe_of(target, target);
BEGIN
    SELECT substring(pg_get_constraintdef(oid) FROM '''([0-9a-f-]{36})''')::uuid INTO STRICT bound
    FROM pg_constraint WHERE conrelid = target::regclass AND conname = 'first_months' AND convalidated;
    EXECUTE format('ALTER TABLE %I RENAME TO %I', target, old);
    FOR name IN SELECT indexrelid::regclass::text FROM pg_index WHERE indrelid = old::regclass LOOP
        EXECUTE format('ALTER INDEX %I RENAME TO %I', name, replace(name, target, old));
    END LOOP;
    EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING IDENTITY)'
                   ' PARTITION BY RANGE (%I)', target, old, key);
    EXECUTE format('ALTER TABLE %I DROP CONSTRAINT first_months', target);
    PERFORM keep_counting(old, target);
    FOREACH statement IN ARRAY statements LOOP
        EXECUTE statement;
    END LOOP;
    EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (MINVALUE) TO (%L)', target, old, bound);
    EXECUTE format('ALTER TABLE %I DROP CONSTRAINT first_months', old);
    EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', target || '_default', target);
    PERFORM guard_partition(target, target || '_default');
    EXECUTE format('ALTER TABLE %1$I ATTACH PARTITION %2$I DEFAULT', target, target || '_default');
END $$;

-- One table again. Every row is copied, and nobody can use the table meanwhile.
CREATE FUNCTION join_months(target text) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    old text := target || '_parted';
    statement text;
    statements text[] := recipe_of(target, target);
BEGIN
    EXECUTE format('ALTER TABLE %I RENAME TO %I', target, old);
    EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING IDENTITY)', target, old);
    EXECUTE format('INSERT INTO %I OVERRIDING SYSTEM VALUE SELECT * FROM %I', target, old);
    PERFORM keep_counting(old, target);
    EXECUTE format('DROP TABLE %I CASCADE', old);
    FOREACH statement IN ARRAY statements LOOP
        EXECUTE statement;
    END LOOP;
END $$;

-- The numbers of an identity column go on where the table that had it before stopped.
CREATE FUNCTION keep_counting(old text, target text) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    counted text;
    sequence text;
    last bigint;
    called boolean;
BEGIN
    FOR counted IN SELECT attname FROM pg_attribute WHERE attrelid = old::regclass AND attidentity <> '' LOOP
        EXECUTE format('SELECT last_value, is_called FROM %s', pg_get_serial_sequence(old, counted)) INTO last, called;
        sequence := pg_get_serial_sequence(target, counted);
        PERFORM setval(sequence, last, called);
        EXECUTE format('ALTER TABLE %I ALTER COLUMN %I DROP IDENTITY', old, counted);
        EXECUTE format('ALTER SEQUENCE %s RENAME TO %I', sequence, format('%s_%s_seq', target, counted));
    END LOOP;
END $$;

-- In the order of those who write a decision, or they and this would wait for each other.
LOCK TABLE ledger_journals IN SHARE ROW EXCLUSIVE MODE;
SELECT limit_to_first_months('ledger_entries', 'journal_id');
SELECT limit_to_first_months('outbox', 'id');
SELECT limit_to_first_months('audit_log', 'id');
