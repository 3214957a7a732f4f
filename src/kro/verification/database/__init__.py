from kro.verification.database.alike import VOID_TOPIC
from kro.verification.database.codes import REDEEM_CODE, CountedTry, NewCode, RecentCodes, VerificationCodes
from kro.verification.database.magic_links import LiveLink, MagicLinkStore, NewLink, SpentLink

__all__ = [
    "REDEEM_CODE",
    "VOID_TOPIC",
    "CountedTry",
    "LiveLink",
    "MagicLinkStore",
    "NewCode",
    "NewLink",
    "RecentCodes",
    "SpentLink",
    "VerificationCodes",
]
