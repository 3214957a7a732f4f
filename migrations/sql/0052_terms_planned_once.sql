-- Every new order writes its terms: a statement named at run time was parsed and planned for each of them.

CREATE OR REPLACE FUNCTION insert_rows(target text, items jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    CASE target
    WHEN 'orders' THEN
        INSERT INTO orders SELECT r.* FROM jsonb_populate_recordset(NULL::orders, items) AS r;
    WHEN 'conditions' THEN
        INSERT INTO conditions SELECT r.* FROM jsonb_populate_recordset(NULL::conditions, items) AS r;
    WHEN 'transactions' THEN
        INSERT INTO transactions SELECT r.* FROM jsonb_populate_recordset(NULL::transactions, items) AS r;
    WHEN 'payout_approvals' THEN
        INSERT INTO payout_approvals SELECT r.* FROM jsonb_populate_recordset(NULL::payout_approvals, items) AS r;
    WHEN 'payout_attempts' THEN
        INSERT INTO payout_attempts SELECT r.* FROM jsonb_populate_recordset(NULL::payout_attempts, items) AS r;
    WHEN 'refunds' THEN
        INSERT INTO refunds SELECT r.* FROM jsonb_populate_recordset(NULL::refunds, items) AS r;
    WHEN 'evidence' THEN
        INSERT INTO evidence SELECT r.* FROM jsonb_populate_recordset(NULL::evidence, items) AS r;
    WHEN 'bank_accounts' THEN
        INSERT INTO bank_accounts SELECT r.* FROM jsonb_populate_recordset(NULL::bank_accounts, items) AS r;
    WHEN 'fee_quotes' THEN
        INSERT INTO fee_quotes SELECT r.* FROM jsonb_populate_recordset(NULL::fee_quotes, items) AS r;
    WHEN 'order_terms' THEN
        INSERT INTO order_terms SELECT r.* FROM jsonb_populate_recordset(NULL::order_terms, items) AS r;
    ELSE
        EXECUTE format('INSERT INTO %1$I SELECT r.* FROM jsonb_populate_recordset(NULL::%1$I, $1) AS r', target)
        USING items;
    END CASE;
END $$;
