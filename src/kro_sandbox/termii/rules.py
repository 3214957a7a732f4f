"""Which numbers a route reaches, and what a text costs."""

import re
from enum import StrEnum

from kro_sandbox.core.numbers import Magic, magic

COST_PER_PAGE = 4.0
_NUMBER = re.compile(r"[1-9]\d{9,14}")
# These characters make Termii use pages of 70 characters, as any character outside the 7 bit alphabet does.
_SHORTENS_PAGES = re.compile(r"[;^{}\\\[~\]|€'”`]|//|[^\x00-\x7f]")


class Channel(StrEnum):
    GENERIC = "generic"
    DND = "dnd"
    WHATSAPP = "whatsapp"
    WHATSAPP_OTP = "whatsapp_otp"
    VOICE = "voice"


def is_number(value: object) -> bool:
    """Tell whether Termii takes it: international digits without plus."""
    return isinstance(value, str) and _NUMBER.fullmatch(value) is not None


def is_on_dnd(number: str) -> bool:
    return number.endswith("00") or magic(number) is Magic.DND


def reaches(number: str, channel: Channel) -> bool:
    """Promotional texts do not reach numbers on the do-not-disturb list, although Termii accepts them."""
    return channel is not Channel.GENERIC or not is_on_dnd(number)


def pages(text: str) -> int:
    whole, part = (70, 67) if _SHORTENS_PAGES.search(text) else (160, 153)
    return 1 if len(text) <= whole else -(-len(text) // part)
