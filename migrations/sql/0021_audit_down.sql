DROP TABLE audit_exports, audit_head, audit_seals;
DROP FUNCTION guard_audit_head;
DROP INDEX ix_audit_log_at_id, ix_audit_log_action, ix_audit_log_ip, ix_audit_log_request_id;
ALTER TABLE audit_log DROP COLUMN xid;
