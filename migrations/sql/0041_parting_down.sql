ALTER TABLE audit_log DROP CONSTRAINT first_months;
ALTER TABLE outbox DROP CONSTRAINT first_months;
ALTER TABLE ledger_entries DROP CONSTRAINT first_months;
DROP FUNCTION count_strays(), tell_of_strays(text, text), drop_emptied_months(timestamptz), make_months(timestamptz, integer, integer),
    make_month(text, text, text, timestamptz, integer), part_by_month(text, text), join_months(text),
    recipe_of(text, text), keep_counting(text, text), limit_to_first_months(text, text), guard_partition(text, text);
DROP VIEW month_partitions;
DROP FUNCTION moment_of_id(uuid);
