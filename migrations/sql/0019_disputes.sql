-- Decisions about much money and the end of a hold take two persons, like everything else that is proposed.
ALTER TABLE proposals DROP CONSTRAINT ck_proposals_kind, ADD CONSTRAINT ck_proposals_kind CHECK (
    kind IN ('adjustment', 'goodwill', 'journal_reversal', 'receivable_write_off', 'suspense_credit', 'suspense_return',
             'dispute_decision', 'hold_lift'));
ALTER TABLE rulings ADD CONSTRAINT ck_rulings_two_persons CHECK (approved_by <> decided_by);
ALTER TABLE order_holds ADD CONSTRAINT ck_order_holds_two_persons CHECK (lift_approved_by <> lifted_by);

CREATE INDEX ix_order_holds_placed_at_id ON order_holds (placed_at DESC, id DESC);
CREATE INDEX ix_order_holds_order_id ON order_holds (order_id);

-- Who shares a person with a user, by the facts is_same_person goes by: nobody decides about themselves.
CREATE FUNCTION admins_related_to(wanted_order uuid) RETURNS uuid[] LANGUAGE sql STABLE AS $$
    SELECT coalesce(array_agg(a.id), '{}') FROM orders AS o JOIN admins AS a
        ON is_same_person(a.id, o.buyer_id) OR is_same_person(a.id, o.seller_id)
    WHERE o.id = wanted_order
$$;

-- A door for those who look at a dispute: whether a decision of it waits for a second person.
CREATE FUNCTION awaits_second_admin(wanted_issue uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM proposals AS p
                   WHERE p.kind = 'dispute_decision' AND p.subject_id = wanted_issue AND p.status = 'proposed')
$$;
