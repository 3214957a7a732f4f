DROP FUNCTION paid_in_since;
DROP TABLE kyc_tier_limits;
