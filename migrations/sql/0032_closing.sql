-- What keeps an account open, and what is kept of one that was closed.

-- The number and the address go back to whoever comes next; as records they stay until everything is erased.
ALTER TABLE users ADD COLUMN former_phone text, ADD COLUMN former_email text;

-- How many of each thing stand in the way of closing an account; what is not there does not.
CREATE FUNCTION account_obligations(who uuid) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT coalesce(jsonb_object_agg(o.reason, o.number) FILTER (WHERE o.number > 0), '{}'::jsonb)
    FROM (
        SELECT 'open_orders' AS reason, count(*) AS number FROM orders
        WHERE (buyer_id = who OR seller_id = who) AND ended_at IS NULL
        UNION ALL
        SELECT 'balances', count(*) FROM kro_balance
        WHERE owner_id = who AND tracked AND balance <> 0 AND code <> 'user_receivable'
        UNION ALL
        SELECT 'debts', count(*) FROM kro_balance WHERE owner_id = who AND balance <> 0 AND code = 'user_receivable'
        UNION ALL
        SELECT 'pending_payouts', count(*) FROM transactions
        WHERE user_id = who AND kind = 'payout'
          AND status NOT IN ('succeeded', 'failed', 'rejected', 'cancelled', 'returned')
        UNION ALL
        SELECT 'pending_refunds', count(*) FROM refunds
        WHERE user_id = who AND status NOT IN ('processed', 'failed', 'rejected', 'cancelled')
    ) AS o
$$;
