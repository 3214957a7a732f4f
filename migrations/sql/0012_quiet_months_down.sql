CREATE OR REPLACE FUNCTION report_taxes(since timestamptz, until timestamptz)
RETURNS TABLE (currency text, tax text, month text, charged bigint, taken_back bigint, payable bigint)
LANGUAGE sql STABLE AS $$
    SELECT m.currency, m.tax, m.month, m.charged, m.taken_back,
           (balance_at(m.account_id, since - interval '1 microsecond')
            + sum(m.charged - m.taken_back) OVER (PARTITION BY m.account_id ORDER BY m.month))::bigint
    FROM (SELECT b.id AS account_id, b.currency, replace(b.code, '_payable', '') AS tax,
                 to_char(j.recorded_at AT TIME ZONE 'Africa/Lagos', 'YYYY-MM') AS month,
                 coalesce(-sum(e.amount) FILTER (WHERE e.amount < 0), 0)::bigint AS charged,
                 coalesce(sum(e.amount) FILTER (WHERE e.amount > 0), 0)::bigint AS taken_back
          FROM ledger_journals AS j
          JOIN ledger_entries AS e ON e.journal_id = j.id
          JOIN kro_balance AS b ON b.id = e.account_id AND b.code IN ('vat_payable', 'stamp_duty_payable')
          WHERE j.recorded_at >= since AND j.recorded_at < until
          GROUP BY b.id, b.currency, b.code, month) AS m
    ORDER BY m.currency, m.tax, m.month
$$;
