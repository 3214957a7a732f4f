ALTER FUNCTION apply_decision(jsonb) RESET enable_seqscan;
