-- What users see of their money over time: every movement of a spendable balance with the balance after it, and what the
-- pages of a history and the lines of a statement take from other modules.

-- A page must not cost more with the age of an account, so the balance after each movement is written with the movement.
CREATE TABLE balance_lines (
    account_id uuid NOT NULL CONSTRAINT fk_balance_lines_account_id_kro_balance REFERENCES kro_balance,
    at timestamptz NOT NULL,
    entry_id bigint NOT NULL CONSTRAINT fk_balance_lines_entry_id_ledger_entries REFERENCES ledger_entries,
    journal_id uuid NOT NULL CONSTRAINT fk_balance_lines_journal_id_ledger_journals REFERENCES ledger_journals,
    kind text NOT NULL,
    amount bigint NOT NULL CONSTRAINT ck_balance_lines_amount CHECK (amount <> 0),
    balance_after bigint NOT NULL,
    CONSTRAINT pk_balance_lines PRIMARY KEY (account_id, at, entry_id)
);
CREATE INDEX ix_balance_lines_kind ON balance_lines (account_id, kind, at, entry_id);

INSERT INTO balance_lines (account_id, at, entry_id, journal_id, kind, amount, balance_after)
SELECT e.account_id, max(j.recorded_at) OVER line, e.id, e.journal_id, j.kind, -e.amount, sum(-e.amount) OVER line
FROM ledger_entries AS e
JOIN kro_balance AS b ON b.id = e.account_id AND b.code = 'user_available'
JOIN ledger_journals AS j ON j.id = e.journal_id
WINDOW line AS (PARTITION BY e.account_id ORDER BY e.id);

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON balance_lines
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- The account's balance row is locked by whoever posts, so the last line found here is the last one there is. Time never
-- runs backwards on one account, although a transaction that began earlier may get the lock later: lines in order of
-- time are lines in order of posting, and the balance before a moment is the balance after the last line before it.
CREATE FUNCTION write_balance_lines() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO balance_lines (account_id, at, entry_id, journal_id, kind, amount, balance_after)
    SELECT e.account_id, greatest(max(j.recorded_at) OVER line, before.at), e.id, e.journal_id, j.kind, -e.amount,
           coalesce(before.balance_after, 0) - sum(e.amount) OVER line
    FROM added AS e
    JOIN kro_balance AS b ON b.id = e.account_id AND b.code = 'user_available'
    JOIN ledger_journals AS j ON j.id = e.journal_id
    LEFT JOIN LATERAL (
        SELECT l.at, l.balance_after FROM balance_lines AS l WHERE l.account_id = e.account_id
        ORDER BY l.at DESC, l.entry_id DESC LIMIT 1) AS before ON true
    WINDOW line AS (PARTITION BY e.account_id ORDER BY e.id);
    RETURN NULL;
END $$;

CREATE TRIGGER lines AFTER INSERT ON ledger_entries REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION write_balance_lines();

-- Doors for what other modules own -----------------------------------------------------------------------------------

-- Everything a user has with the platform in one currency: to spend, held back, and in escrow for purchases.
CREATE FUNCTION held_for_user(owner uuid, wanted_currency text) RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT (coalesce((SELECT sum(b.balance) FROM kro_balance AS b WHERE b.owner_id = owner
                      AND b.code IN ('user_available', 'user_reserve') AND b.currency = wanted_currency), 0)
            + coalesce((SELECT h.amount FROM held_for_buyer(owner) AS h WHERE h.currency = wanted_currency), 0))::bigint
$$;

CREATE FUNCTION open_top_ups(owner uuid, wanted_currency text, since timestamptz) RETURNS bigint
LANGUAGE sql STABLE AS $$
    SELECT coalesce(sum(t.amount), 0)::bigint
    FROM transactions AS t
    WHERE t.user_id = owner AND t.kind = 'payment' AND t.order_id IS NULL AND t.currency = wanted_currency
      AND t.status IN ('initiated', 'processing', 'unknown') AND t.created_at > since
$$;
CREATE INDEX ix_transactions_user_id_open_top_ups ON transactions (user_id) WHERE kind = 'payment' AND order_id IS NULL
    AND status IN ('initiated', 'processing', 'unknown');

CREATE FUNCTION order_price(wanted_order uuid) RETURNS TABLE (title text, seller_id uuid, amount bigint,
    fee_buyer bigint, fee_seller bigint, vat_buyer bigint, vat_seller bigint) LANGUAGE sql STABLE AS $$
    SELECT o.title, o.seller_id, o.amount, o.fee_buyer, o.fee_seller, o.vat_buyer, o.vat_seller
    FROM orders AS o WHERE o.id = wanted_order
$$;

CREATE FUNCTION payout_destination(wanted_payout uuid) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT format('%s ******%s', t.destination ->> 'bank_name', t.destination ->> 'account_number_last4')
    FROM transactions AS t WHERE t.id = wanted_payout AND t.kind = 'payout'
$$;
