-- Our books against what providers and banks say: their lines as they were told, the pairs found, what does not agree.

CREATE TABLE reconciliation_imports (
    id uuid CONSTRAINT pk_reconciliation_imports PRIMARY KEY,
    source text NOT NULL CONSTRAINT ck_reconciliation_imports_source CHECK (source IN ('provider', 'bank')),
    account text NOT NULL,
    origin text NOT NULL CONSTRAINT ck_reconciliation_imports_origin CHECK (origin IN ('file', 'api')),
    file_sha256 text,
    kinds text[] NOT NULL,
    period_from timestamptz NOT NULL,
    period_to timestamptz NOT NULL,
    state text NOT NULL CONSTRAINT ck_reconciliation_imports_state CHECK (state IN ('loading', 'loaded')),
    lines integer NOT NULL,
    new_lines integer NOT NULL,
    imported_by text NOT NULL,
    created_at timestamptz NOT NULL,
    loaded_at timestamptz,
    version integer NOT NULL,
    CONSTRAINT ck_reconciliation_imports_period CHECK (period_to > period_from)
);
CREATE INDEX ix_reconciliation_imports_created_at_id ON reconciliation_imports (created_at DESC, id DESC);

-- A line is known by all it says. The same line in two overlapping exports is one line; a line that one export lists
-- twice is two, told apart by its occurrence.
CREATE TABLE reconciliation_lines (
    id uuid CONSTRAINT pk_reconciliation_lines PRIMARY KEY,
    import_id uuid NOT NULL CONSTRAINT fk_reconciliation_lines_import_id_reconciliation_imports
        REFERENCES reconciliation_imports,
    source text NOT NULL CONSTRAINT ck_reconciliation_lines_source CHECK (source IN ('provider', 'bank')),
    account text NOT NULL,
    kind text NOT NULL CONSTRAINT ck_reconciliation_lines_kind CHECK (kind IN ('charge', 'transfer', 'transfer_return',
        'refund', 'chargeback', 'chargeback_return', 'chargeback_fee', 'settlement', 'bank')),
    reference text NOT NULL,
    currency text NOT NULL,
    amount bigint NOT NULL CONSTRAINT ck_reconciliation_lines_amount CHECK (amount <> 0),
    fee bigint CONSTRAINT ck_reconciliation_lines_fee CHECK (fee >= 0),
    occurred_at timestamptz NOT NULL,
    occurrence integer NOT NULL,
    narration text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT uq_reconciliation_lines_content
        UNIQUE (source, account, kind, reference, currency, amount, occurred_at, occurrence)
);
CREATE INDEX ix_reconciliation_lines_occurred_at ON reconciliation_lines (occurred_at);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON reconciliation_lines
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE reconciliation_runs (
    id uuid CONSTRAINT pk_reconciliation_runs PRIMARY KEY,
    origin text NOT NULL CONSTRAINT ck_reconciliation_runs_origin CHECK (origin IN ('nightly', 'admin', 'command')),
    slot date CONSTRAINT uq_reconciliation_runs_slot UNIQUE,
    status text NOT NULL CONSTRAINT ck_reconciliation_runs_status CHECK (status IN ('requested', 'running', 'done',
        'failed')),
    requested_by text NOT NULL,
    lease_until timestamptz,
    matched integer NOT NULL,
    opened integer NOT NULL,
    closed integer NOT NULL,
    report jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    finished_at timestamptz,
    version integer NOT NULL
);
CREATE UNIQUE INDEX uq_reconciliation_runs_running ON reconciliation_runs (status) WHERE status = 'running';
CREATE INDEX ix_reconciliation_runs_created_at_id ON reconciliation_runs (created_at DESC, id DESC);

CREATE TABLE reconciliation_matches (
    line_id uuid CONSTRAINT pk_reconciliation_matches PRIMARY KEY
        CONSTRAINT fk_reconciliation_matches_line_id_reconciliation_lines REFERENCES reconciliation_lines,
    -- Checked at commit: a settlement's journal is written with its pairs, by one decision.
    journal_id uuid NOT NULL CONSTRAINT fk_reconciliation_matches_journal_id_ledger_journals REFERENCES ledger_journals
        DEFERRABLE INITIALLY DEFERRED,
    source text NOT NULL CONSTRAINT ck_reconciliation_matches_source CHECK (source IN ('provider', 'bank')),
    run_id uuid NOT NULL CONSTRAINT fk_reconciliation_matches_run_id_reconciliation_runs REFERENCES reconciliation_runs,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT uq_reconciliation_matches_journal_id_source UNIQUE (journal_id, source)
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON reconciliation_matches
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- ``subject`` names the discrepancy: what is wrong, with which line or journal. One discrepancy is one row for ever.
CREATE TABLE reconciliation_breaks (
    id uuid CONSTRAINT pk_reconciliation_breaks PRIMARY KEY,
    subject text NOT NULL CONSTRAINT uq_reconciliation_breaks_subject UNIQUE,
    kind text NOT NULL CONSTRAINT ck_reconciliation_breaks_kind CHECK (kind IN ('missing_in_ledger',
        'missing_at_provider', 'missing_at_bank', 'amount_differs', 'currency_differs', 'fee_differs', 'duplicate',
        'duplicate_in_ledger', 'unmatched_bank_line')),
    source text NOT NULL CONSTRAINT ck_reconciliation_breaks_source CHECK (source IN ('provider', 'bank')),
    account text NOT NULL,
    line_id uuid CONSTRAINT fk_reconciliation_breaks_line_id_reconciliation_lines REFERENCES reconciliation_lines,
    journal_id uuid CONSTRAINT fk_reconciliation_breaks_journal_id_ledger_journals REFERENCES ledger_journals,
    reference text NOT NULL,
    currency text NOT NULL,
    in_ledger bigint,
    outside bigint,
    occurred_at timestamptz NOT NULL,
    status text NOT NULL CONSTRAINT ck_reconciliation_breaks_status CHECK (status IN ('open', 'resolved', 'closed')),
    assigned_to uuid CONSTRAINT fk_reconciliation_breaks_assigned_to_admins REFERENCES admins,
    resolution text CONSTRAINT ck_reconciliation_breaks_resolution CHECK (resolution IN ('corrected_in_ledger',
        'corrected_outside', 'timing', 'accepted_difference', 'not_ours')),
    note text,
    resolved_by uuid CONSTRAINT fk_reconciliation_breaks_resolved_by_admins REFERENCES admins,
    opened_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    ended_at timestamptz,
    version integer NOT NULL,
    CONSTRAINT ck_reconciliation_breaks_ended CHECK ((status = 'open') = (ended_at IS NULL)),
    CONSTRAINT ck_reconciliation_breaks_resolved CHECK ((status = 'resolved')
        = (resolution IS NOT NULL AND note IS NOT NULL AND resolved_by IS NOT NULL)),
    CONSTRAINT ck_reconciliation_breaks_subject CHECK (line_id IS NOT NULL OR journal_id IS NOT NULL)
);
CREATE INDEX ix_reconciliation_breaks_opened_at_id ON reconciliation_breaks (opened_at DESC, id DESC);
CREATE INDEX ix_reconciliation_breaks_status ON reconciliation_breaks (status, opened_at) WHERE status = 'open';
CREATE INDEX ix_reconciliation_breaks_line_id ON reconciliation_breaks (line_id);
CREATE INDEX ix_reconciliation_breaks_journal_id ON reconciliation_breaks (journal_id);

-- Doors for reports: days of the ledger by the moment of recording, so that a day that has ended never changes. ---------

-- Few pages are read for a stretch of time, and posting pays next to nothing for it.
CREATE INDEX ix_ledger_journals_recorded_at ON ledger_journals USING brin (recorded_at);

-- What went into escrow and how it left: released with the platform's fee, refunded to the buyer, or taken by a
-- chargeback. What is left over is what escrow holds more at the end than at the beginning.
CREATE FUNCTION report_gmv(since timestamptz, until timestamptz)
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

-- What escrow holds now of orders funded in a stretch of time, by how long ago that was.
CREATE FUNCTION report_held(since timestamptz, until timestamptz, at timestamptz)
RETURNS TABLE (currency text, age text, orders bigint, held bigint) LANGUAGE sql STABLE AS $$
    SELECT h.currency, g.age, count(*), sum(h.balance)::bigint
    FROM kro_balance AS h
    JOIN ledger_journals AS j ON j.kind = 'order_funded' AND j.source_type = 'order' AND j.source_id = h.owner_id
    CROSS JOIN LATERAL (SELECT at - j.recorded_at AS since_funded) AS s
    CROSS JOIN LATERAL (SELECT CASE WHEN s.since_funded < interval '1 day' THEN 'under 1 day'
                                    WHEN s.since_funded < interval '3 days' THEN '1 to 3 days'
                                    WHEN s.since_funded < interval '7 days' THEN '3 to 7 days'
                                    WHEN s.since_funded < interval '14 days' THEN '7 to 14 days'
                                    WHEN s.since_funded < interval '30 days' THEN '14 to 30 days'
                                    ELSE '30 days and more' END AS age) AS g
    WHERE h.code = 'order_escrow' AND h.balance > 0 AND j.recorded_at >= since AND j.recorded_at < until
    GROUP BY h.currency, g.age ORDER BY h.currency, min(s.since_funded)
$$;

CREATE FUNCTION report_fees(since timestamptz, until timestamptz)
RETURNS TABLE (currency text, kind text, earned bigint, given_back bigint, net bigint) LANGUAGE sql STABLE AS $$
    SELECT e.currency, b.qualifier, coalesce(-sum(e.amount) FILTER (WHERE e.amount < 0), 0)::bigint,
           coalesce(sum(e.amount) FILTER (WHERE e.amount > 0), 0)::bigint, -sum(e.amount)::bigint
    FROM ledger_journals AS j
    JOIN ledger_entries AS e ON e.journal_id = j.id
    JOIN kro_balance AS b ON b.id = e.account_id AND b.code = 'fee_revenue'
    WHERE j.recorded_at >= since AND j.recorded_at < until
    GROUP BY e.currency, b.qualifier ORDER BY e.currency, b.qualifier
$$;

-- Taxes by month in Lagos; ``payable`` is what the tax account holds when that month, or the stretch of time, ends.
CREATE FUNCTION report_taxes(since timestamptz, until timestamptz)
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

-- Payouts requested in a stretch of time: how they have ended, and how many seconds those took that succeeded.
CREATE FUNCTION report_payouts(since timestamptz, until timestamptz)
RETURNS TABLE (currency text, requested bigint, succeeded bigint, returned bigint, failed bigint, rejected bigint,
               cancelled bigint, open bigint, from_request_p50 numeric, from_request_p90 numeric,
               from_request_p99 numeric, from_approval_p50 numeric, from_approval_p90 numeric, from_approval_p99 numeric)
LANGUAGE sql STABLE AS $$
    SELECT t.currency, count(*), count(*) FILTER (WHERE t.status = 'succeeded'),
           count(*) FILTER (WHERE t.status = 'returned'), count(*) FILTER (WHERE t.status = 'failed'),
           count(*) FILTER (WHERE t.status = 'rejected'), count(*) FILTER (WHERE t.status = 'cancelled'),
           count(*) FILTER (WHERE t.status NOT IN ('succeeded', 'returned', 'failed', 'rejected', 'cancelled')),
           round(percentile_cont(0.5) WITHIN GROUP (ORDER BY s.from_request)::numeric, 3),
           round(percentile_cont(0.9) WITHIN GROUP (ORDER BY s.from_request)::numeric, 3),
           round(percentile_cont(0.99) WITHIN GROUP (ORDER BY s.from_request)::numeric, 3),
           round(percentile_cont(0.5) WITHIN GROUP (ORDER BY s.from_approval)::numeric, 3),
           round(percentile_cont(0.9) WITHIN GROUP (ORDER BY s.from_approval)::numeric, 3),
           round(percentile_cont(0.99) WITHIN GROUP (ORDER BY s.from_approval)::numeric, 3)
    FROM transactions AS t
    CROSS JOIN LATERAL (SELECT min(h.at) FILTER (WHERE h.status = 'succeeded') AS succeeded_at,
                               min(h.at) FILTER (WHERE h.status = 'approved') AS approved_at
                        FROM payout_history AS h WHERE h.payout_id = t.id) AS k
    CROSS JOIN LATERAL (SELECT extract(epoch FROM k.succeeded_at - t.created_at)::float8 AS from_request,
                               extract(epoch FROM k.succeeded_at - k.approved_at)::float8 AS from_approval) AS s
    WHERE t.kind = 'payout' AND t.created_at >= since AND t.created_at < until
    GROUP BY t.currency ORDER BY t.currency
$$;
