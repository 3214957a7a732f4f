"""The door of verification."""

from kro.verification.database import REDEEM_CODE, VOID_TOPIC, LiveLink, MagicLinkStore, SpentLink, VerificationCodes
from kro.verification.database.step_ups import StepUpChallenges
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
from kro.verification.domain.step_up import AuthenticatorNeededError, Proving, StepUp
from kro.verification.domain.step_up_inputs import STEP_UP_PROBLEMS, ProvenIn, StepUpIn, StepUpTaskIn
from kro.verification.domain.step_up_rules import (
    SHUT,
    Gate,
    Proven,
    StepUpAction,
    StepUpClaim,
    StepUpMethod,
    StepUpRequiredError,
    StepUpRules,
    StepUpSpentError,
    StepUpTask,
)
from kro.verification.domain.targets import Target, TargetChannel

__all__ = [
    "LINK_TOPIC",
    "MAIL_OTP_TOPIC",
    "OTP_TOPIC",
    "REDEEM_CODE",
    "SHUT",
    "STEP_UP_PROBLEMS",
    "VOID_TOPIC",
    "AccountLinks",
    "AuthenticatorNeededError",
    "Challenge",
    "ChallengeEndedError",
    "DrawnCode",
    "DrawnLink",
    "Gate",
    "LinkEndedError",
    "LinkPurpose",
    "LiveLink",
    "MagicLinkStore",
    "MagicLinks",
    "Proof",
    "Proven",
    "ProvenIn",
    "Proving",
    "Purpose",
    "SpentLink",
    "StepUp",
    "StepUpAction",
    "StepUpChallenges",
    "StepUpClaim",
    "StepUpIn",
    "StepUpMethod",
    "StepUpRequiredError",
    "StepUpRules",
    "StepUpSpentError",
    "StepUpTask",
    "StepUpTaskIn",
    "Target",
    "TargetChannel",
    "Verification",
    "VerificationCodes",
    "WrongCodeError",
    "digest_of",
]
