"""The door of verification."""

from kro.verification.database import REDEEM_CODE, VerificationCodes
from kro.verification.domain.codes import Purpose
from kro.verification.domain.errors import ChallengeEndedError, WrongCodeError
from kro.verification.domain.service import OTP_TOPIC, Challenge, Proof, Verification

__all__ = [
    "OTP_TOPIC",
    "REDEEM_CODE",
    "Challenge",
    "ChallengeEndedError",
    "Proof",
    "Purpose",
    "Verification",
    "VerificationCodes",
    "WrongCodeError",
]
