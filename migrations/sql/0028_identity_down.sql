DROP TABLE identity_checks, consents;
