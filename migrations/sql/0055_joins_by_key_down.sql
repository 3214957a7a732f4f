ALTER FUNCTION apply_decision(jsonb) RESET enable_hashjoin;
ALTER FUNCTION apply_decision(jsonb) RESET enable_mergejoin;
