-- Whatever ends an order ends its hold with it: there is nothing left to let go on. Nobody lifted such a hold.
CREATE FUNCTION close_holds() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE order_holds SET lifted_at = NEW.ended_at, version = version + 1
    WHERE order_id = NEW.id AND lifted_at IS NULL;
    RETURN NULL;
END $$;

CREATE TRIGGER close_holds AFTER UPDATE OF ended_at ON orders FOR EACH ROW
    WHEN (OLD.on_hold AND OLD.ended_at IS NULL AND NEW.ended_at IS NOT NULL) EXECUTE FUNCTION close_holds();

UPDATE order_holds AS h SET lifted_at = o.ended_at, version = h.version + 1
FROM orders AS o WHERE o.id = h.order_id AND o.ended_at IS NOT NULL AND h.lifted_at IS NULL;

-- The smallest UUIDv7 of a moment: ids begin with their time, so a primary key finds the rows of a period.
CREATE FUNCTION first_id_at(moment timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT (lpad(to_hex((extract(epoch FROM moment) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
$$;

-- People by month in Lagos: accounts that were opened, and who logged in.
CREATE FUNCTION report_users(since timestamptz, until timestamptz)
RETURNS TABLE (month text, registered bigint, logged_in bigint) LANGUAGE sql STABLE AS $$
    SELECT m.month, coalesce(sum(m.registered), 0)::bigint, coalesce(sum(m.logged_in), 0)::bigint FROM (
        SELECT to_char(u.created_at AT TIME ZONE 'Africa/Lagos', 'YYYY-MM') AS month, count(*) AS registered,
               NULL::bigint AS logged_in
        FROM users AS u WHERE u.created_at >= since AND u.created_at < until AND u.status <> 'invited' GROUP BY 1
        UNION ALL
        SELECT to_char(a.at AT TIME ZONE 'Africa/Lagos', 'YYYY-MM'), NULL, count(DISTINCT a.actor_id)
        FROM audit_log AS a WHERE a.action = 'user.logged_in' AND a.at >= since AND a.at < until GROUP BY 1) AS m
    GROUP BY m.month ORDER BY m.month
$$;

-- How far people get with proving who they are, of the checks that were begun in the period.
CREATE FUNCTION report_identity(since timestamptz, until timestamptz)
RETURNS TABLE (kind text, started bigint, people bigint, pending bigint, in_review bigint, verified bigint, refused bigint)
LANGUAGE sql STABLE AS $$
    SELECT c.kind, count(*), count(DISTINCT c.user_id), count(*) FILTER (WHERE c.status = 'pending'),
           count(*) FILTER (WHERE c.status = 'review'), count(*) FILTER (WHERE c.status = 'verified'),
           count(*) FILTER (WHERE c.status = 'refused')
    FROM identity_checks AS c WHERE c.created_at >= since AND c.created_at < until GROUP BY c.kind ORDER BY c.kind
$$;

-- Of the orders that were proposed in the period and got money: how many were contested, and how that ended.
CREATE FUNCTION report_disputes(since timestamptz, until timestamptz)
RETURNS TABLE (currency text, orders bigint, contested bigint, escalated bigint, settled bigint, withdrawn bigint,
               decided bigint, open bigint, contested_bps bigint)
LANGUAGE sql STABLE AS $$
    SELECT o.currency, count(DISTINCT o.id), count(DISTINCT i.order_id), count(i.id) FILTER (WHERE i.escalated_at IS NOT NULL),
           count(i.id) FILTER (WHERE i.status = 'settled'), count(i.id) FILTER (WHERE i.status = 'withdrawn'),
           count(i.id) FILTER (WHERE i.decided_at IS NOT NULL), count(i.id) FILTER (WHERE i.ended_at IS NULL),
           count(DISTINCT i.order_id) * 10000 / count(DISTINCT o.id)
    FROM orders AS o LEFT JOIN issues AS i ON i.order_id = o.id
    WHERE o.id >= first_id_at(since) AND o.id < first_id_at(until)
      AND (o.funded_amount > 0 OR o.released_amount > 0 OR o.refunded_amount > 0)
    GROUP BY o.currency ORDER BY o.currency
$$;
