DROP FUNCTION record_text_report;
DROP FUNCTION record_text_acceptance;
DROP FUNCTION move_text_attempt;
DROP FUNCTION begin_text_attempt;
DROP FUNCTION alarm_text_spend;
DROP FUNCTION settle_text_receipt;
DROP FUNCTION text_receipt_status;
DROP TABLE text_attempts, text_reports, text_spend, text_switches;
