-- Down from 0017: histories, amendments and invitations are lost; invited people without an account stay as closed ones.

DROP TABLE magic_link_logs;

ALTER TABLE users DROP CONSTRAINT ck_users_password_hash, DROP CONSTRAINT ck_users_status;
UPDATE users SET status = 'closed', password_hash = '!' WHERE status = 'invited';
ALTER TABLE users ADD CONSTRAINT ck_users_status CHECK (status IN ('pending', 'active', 'suspended', 'closed'));

DROP TABLE amendments;
DROP TABLE order_terms;

CREATE OR REPLACE FUNCTION report_gmv(since timestamptz, until timestamptz)
RETURNS TABLE (currency text, orders_funded bigint, funded bigint, released bigint, refunded bigint, charged_back bigint)
LANGUAGE sql STABLE AS $$
    SELECT m.currency, count(*) FILTER (WHERE m.kind = 'order_funded'),
           coalesce(sum(-m.out) FILTER (WHERE m.kind = 'order_funded'), 0)::bigint,
           coalesce(sum(m.out - m.to_buyer) FILTER (WHERE m.kind IN ('full_release', 'partial_release',
                                                                     'split_settlement')), 0)::bigint,
           coalesce(sum(CASE m.kind WHEN 'split_settlement' THEN m.to_buyer ELSE m.out END)
               FILTER (WHERE m.kind IN ('refund_to_wallet', 'refund_to_source_requested', 'split_settlement')), 0)::bigint,
           coalesce(sum(m.out) FILTER (WHERE m.kind LIKE 'chargeback\_%'), 0)::bigint
    FROM (SELECT j.id, j.kind, e.currency, sum(e.amount) AS out,
                 CASE j.kind WHEN 'split_settlement' THEN coalesce((
                     SELECT -sum(t.amount) FROM ledger_entries AS t
                     JOIN kro_balance AS a ON a.id = t.account_id AND a.code = 'user_available'
                     JOIN orders AS o ON o.id = b.owner_id AND o.buyer_id = a.owner_id
                     WHERE t.journal_id = j.id), 0) ELSE 0 END AS to_buyer
          FROM ledger_journals AS j
          JOIN ledger_entries AS e ON e.journal_id = j.id
          JOIN kro_balance AS b ON b.id = e.account_id AND b.code = 'order_escrow'
          WHERE j.recorded_at >= since AND j.recorded_at < until
          GROUP BY j.id, j.kind, e.currency, b.owner_id) AS m
    GROUP BY m.currency ORDER BY m.currency
$$;
