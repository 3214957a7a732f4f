from kro.verification.database.codes import REDEEM_CODE, CountedTry, NewCode, VerificationCodes

__all__ = ["REDEEM_CODE", "CountedTry", "NewCode", "VerificationCodes"]
