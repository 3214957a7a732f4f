"""The 160-character rule: one part of GSM-7 (3GPP TS 23.038) costs one message; anything else costs more or is cut."""

from __future__ import annotations

import unicodedata
from typing import Final

from kro.core.errors import ErrorKind, KroError

MAX_SEPTETS: Final = 160

_BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
# Each of these takes two septets: an escape and itself.
_EXTENDED: Final = frozenset("\f^{}\\[~]|€")
_REPLACEMENTS: Final = {
    "\N{LEFT SINGLE QUOTATION MARK}": "'",
    "\N{RIGHT SINGLE QUOTATION MARK}": "'",
    "\N{LEFT DOUBLE QUOTATION MARK}": '"',
    "\N{RIGHT DOUBLE QUOTATION MARK}": '"',
    "\N{EN DASH}": "-",
    "\N{EM DASH}": "-",
    "\N{HORIZONTAL ELLIPSIS}": "...",
    "\N{NAIRA SIGN}": "NGN ",
    "\N{NO-BREAK SPACE}": " ",
}


class UnsendableTextError(KroError):
    """The text is empty, longer than one message, or has characters outside GSM-7."""

    kind = ErrorKind.INVALID
    code = "unsendable_text"


def septets(text: str) -> int | None:
    """Return how many of the 160 places a text takes, or ``None`` if GSM-7 cannot express it."""
    total = 0
    for character in text:
        if character in _BASIC:
            total += 1
        elif character in _EXTENDED:
            total += 2
        else:
            return None
    return total


def ensure_one_part(text: str) -> None:
    """Check that a text fits one message.

    :raises UnsendableTextError: if it is empty, too long, or not GSM-7.
    """
    length = septets(text)
    if not length or length > MAX_SEPTETS:
        raise UnsendableTextError


def to_gsm7(text: str) -> str:
    """Return the text as one part of GSM-7: accents it lacks are dropped, other letters become ``?``, the end is cut.

    Names are written with letters GSM-7 does not have (Yoruba dots and tones); a notice has to arrive all the same.
    """
    spelled = "".join(_spell(character) for character in unicodedata.normalize("NFC", text))
    kept: list[str] = []
    room = MAX_SEPTETS
    for character in spelled:
        room -= septets(character) or 0
        if room < 0:
            break
        kept.append(character)
    return "".join(kept)


def _spell(character: str) -> str:
    if septets(character) is not None:
        return character
    if character in _REPLACEMENTS:
        return _REPLACEMENTS[character]
    base = "".join(part for part in unicodedata.normalize("NFKD", character) if not unicodedata.combining(part))
    return base if septets(base) is not None else "?"
