-- What the old one allowed the new one allows, and no program looks at it.
-- squawk-ignore ban-drop-constraint
ALTER TABLE proposals DROP CONSTRAINT IF EXISTS ck_proposals_kind;
ALTER TABLE proposals ADD CONSTRAINT ck_proposals_kind CHECK (
    kind IN ('adjustment', 'goodwill', 'journal_reversal', 'receivable_write_off', 'suspense_credit', 'suspense_return',
             'dispute_decision', 'hold_lift', 'freeze_lift', 'opening_transfer')) NOT VALID;
