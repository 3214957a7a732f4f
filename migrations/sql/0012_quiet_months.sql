-- Taxes by month in Lagos; ``payable`` is what the tax account holds when that month, or the stretch of time, ends. A
-- month in which nothing moved has its row as long as something is payable.
CREATE OR REPLACE FUNCTION report_taxes(since timestamptz, until timestamptz)
RETURNS TABLE (currency text, tax text, month text, charged bigint, taken_back bigint, payable bigint)
LANGUAGE sql STABLE AS $$
    WITH accounts AS (
        SELECT b.id, b.currency, replace(b.code, '_payable', '') AS tax,
               balance_at(b.id, since - interval '1 microsecond') AS opening
        FROM kro_balance AS b
        WHERE b.owner_id = '00000000-0000-0000-0000-000000000000' AND b.code IN ('vat_payable', 'stamp_duty_payable')
    ), moved AS (
        SELECT a.id, date_trunc('month', j.recorded_at AT TIME ZONE 'Africa/Lagos') AS month,
               coalesce(-sum(e.amount) FILTER (WHERE e.amount < 0), 0)::bigint AS charged,
               coalesce(sum(e.amount) FILTER (WHERE e.amount > 0), 0)::bigint AS taken_back
        FROM ledger_journals AS j
        JOIN ledger_entries AS e ON e.journal_id = j.id
        JOIN accounts AS a ON a.id = e.account_id
        WHERE j.recorded_at >= since AND j.recorded_at < until
        GROUP BY 1, 2
    ), months AS (
        SELECT a.currency, a.tax, to_char(g.month, 'YYYY-MM') AS month, coalesce(m.charged, 0) AS charged,
               coalesce(m.taken_back, 0) AS taken_back,
               (a.opening + sum(coalesce(m.charged - m.taken_back, 0)) OVER (PARTITION BY a.id ORDER BY g.month))::bigint
                   AS payable
        FROM accounts AS a
        CROSS JOIN generate_series(date_trunc('month', since AT TIME ZONE 'Africa/Lagos'),
                                   (until - interval '1 microsecond') AT TIME ZONE 'Africa/Lagos',
                                   interval '1 month') AS g (month)
        LEFT JOIN moved AS m ON m.id = a.id AND m.month = g.month
    )
    SELECT m.currency, m.tax, m.month, m.charged, m.taken_back, m.payable FROM months AS m
    WHERE (m.charged, m.taken_back, m.payable) <> (0, 0, 0)
    ORDER BY m.currency, m.tax, m.month
$$;
