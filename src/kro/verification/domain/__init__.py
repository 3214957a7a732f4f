"""The door of verification."""

from kro.verification.database import REDEEM_CODE, LiveLink, MagicLinkStore, SpentLink, VerificationCodes
from kro.verification.domain.codes import Purpose
from kro.verification.domain.errors import ChallengeEndedError, WrongCodeError
from kro.verification.domain.magic_links import (
    LINK_TOPIC,
    AccountLinks,
    DrawnLink,
    LinkEndedError,
    LinkPurpose,
    MagicLinks,
    digest_of,
)
from kro.verification.domain.service import MAIL_OTP_TOPIC, OTP_TOPIC, Challenge, DrawnCode, Proof, Verification
from kro.verification.domain.targets import Target, TargetChannel

__all__ = [
    "LINK_TOPIC",
    "MAIL_OTP_TOPIC",
    "OTP_TOPIC",
    "REDEEM_CODE",
    "AccountLinks",
    "Challenge",
    "ChallengeEndedError",
    "DrawnCode",
    "DrawnLink",
    "LinkEndedError",
    "LinkPurpose",
    "LiveLink",
    "MagicLinkStore",
    "MagicLinks",
    "Proof",
    "Purpose",
    "SpentLink",
    "Target",
    "TargetChannel",
    "Verification",
    "VerificationCodes",
    "WrongCodeError",
    "digest_of",
]
