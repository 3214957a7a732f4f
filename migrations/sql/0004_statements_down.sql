DROP FUNCTION payout_destination(uuid);
DROP FUNCTION order_price(uuid);
DROP INDEX ix_transactions_user_id_open_top_ups;
DROP FUNCTION open_top_ups(uuid, text, timestamptz);
DROP FUNCTION held_for_user(uuid, text);
DROP TRIGGER lines ON ledger_entries;
DROP FUNCTION write_balance_lines();
DROP TABLE balance_lines;
