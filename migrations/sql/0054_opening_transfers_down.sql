ALTER TABLE proposals DROP CONSTRAINT ck_proposals_kind, ADD CONSTRAINT ck_proposals_kind CHECK (
    kind IN ('adjustment', 'goodwill', 'journal_reversal', 'receivable_write_off', 'suspense_credit', 'suspense_return',
             'dispute_decision', 'hold_lift', 'freeze_lift'));
