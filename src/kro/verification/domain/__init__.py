"""The door of verification."""

from kro.verification.database import REDEEM_CODE, LiveLink, MagicLinkStore, VerificationCodes
from kro.verification.domain.codes import Purpose
from kro.verification.domain.errors import ChallengeEndedError, WrongCodeError
from kro.verification.domain.magic_links import DrawnLink, LinkPurpose, MagicLinks, digest_of
from kro.verification.domain.service import OTP_TOPIC, Challenge, Proof, Verification

__all__ = [
    "OTP_TOPIC",
    "REDEEM_CODE",
    "Challenge",
    "ChallengeEndedError",
    "DrawnLink",
    "LinkPurpose",
    "LiveLink",
    "MagicLinkStore",
    "MagicLinks",
    "Proof",
    "Purpose",
    "Verification",
    "VerificationCodes",
    "WrongCodeError",
    "digest_of",
]
