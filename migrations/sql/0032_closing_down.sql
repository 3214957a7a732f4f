DROP FUNCTION account_obligations;
ALTER TABLE users DROP COLUMN former_email, DROP COLUMN former_phone;
