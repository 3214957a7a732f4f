-- Proposals of the newer kinds keep this from running: they are on record, and the older schema has no place for them.
DROP FUNCTION awaits_second_admin, admins_related_to;
DROP INDEX ix_order_holds_placed_at_id, ix_order_holds_order_id;
ALTER TABLE order_holds DROP CONSTRAINT ck_order_holds_two_persons;
ALTER TABLE rulings DROP CONSTRAINT ck_rulings_two_persons;
ALTER TABLE proposals DROP CONSTRAINT ck_proposals_kind, ADD CONSTRAINT ck_proposals_kind CHECK (
    kind IN ('adjustment', 'goodwill', 'journal_reversal', 'receivable_write_off', 'suspense_credit',
             'suspense_return'));
