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
