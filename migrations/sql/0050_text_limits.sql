-- What texts to one range of numbers, and what one account asks for, may cost a day.
-- What the old one allowed the new one allows, and no program looks at it.
-- squawk-ignore ban-drop-constraint
ALTER TABLE text_spend DROP CONSTRAINT IF EXISTS ck_text_spend_scope;
ALTER TABLE text_spend ADD CONSTRAINT ck_text_spend_scope
    CHECK (scope IN ('total', 'country', 'provider', 'number', 'range', 'account')) NOT VALID;

-- As before; of an account only the end of its day's budget is news.
CREATE OR REPLACE FUNCTION alarm_text_spend(
    today date, wanted_scope text, wanted_subject text, level integer, spent bigint, most bigint, alarm_id uuid
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    -- What one number may cost is a limit and no news; the others are the budget.
    IF level = 0 OR wanted_scope = 'number' OR (wanted_scope = 'account' AND level < 100) THEN
        RETURN;
    END IF;
    INSERT INTO text_spend AS s (day, scope, subject, alarmed) VALUES (today, wanted_scope, wanted_subject, level)
    ON CONFLICT (day, scope, subject) DO UPDATE SET alarmed = level WHERE s.alarmed < level;
    IF FOUND THEN
        INSERT INTO outbox (id, topic, payload) VALUES (alarm_id, 'alert', jsonb_build_object(
            'kind', 'text_spend',
            'subject', format('Texts have used %s %% of today''s budget (%s)', level,
                              trim(wanted_scope || ' ' || wanted_subject)),
            'detail', format('%s of %s (minor units) are spent on %s. At 100 %% texts stop there for the day.',
                             spent, most, today)));
    END IF;
END $$;
