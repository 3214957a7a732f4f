"""What parties must not send each other: contact details, and invitations to pay outside the escrow.

Rules are lines of one table. A rule that ``hides`` takes its match out of what the other party reads; one that does not
only warns, because hiding "never pay outside the app" would hide good advice.

Digits are the hard part. Ten digits on their own are an account number (NUBAN) to a payer and a waybill number to a
courier. They stay legible after a word like waybill or tracking, unless the same message also speaks of an account or a
bank; a number in an address of the web is left alone too. Eleven digits that start like a Nigerian mobile number are
one, whatever stands before them. Longer runs, and runs mixed with letters (IMEI, chassis, ``1Z999AA1…``), are
nobody's phone and stay. Amounts stay: with a currency beside them, in groups of three, or too short.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from kro.order.database.thread_words import MessageWarning

_BREAK: Final = "\u200b"
_INVISIBLE: Final = frozenset({"Cf", "Mn", "Me"})

_GAP: Final = rf"[ .\-(){_BREAK}]{{0,3}}"
_MESSENGER: Final = (
    r"(?:whats\s?app|wats?app|telegram|signal|viber|snap\s?chat|instagram|insta|\big\b|messenger|facebook|\bfb\b)"
)
_DIGIT_WORD: Final = r"(?:zero|oh|one|two|three|four|five|six|seven|eight|nine|double|triple)"
_OUTSIDE: Final = r"(?:outside|off)(?:\s+of)?\s+(?:(?:the|this|d)\s+)?(?:app|platform|site|website|kro|escrow|system)"
_WALLET: Final = r"(?:account|acct|acc|aza|bank|opay|palmpay|moniepoint|kuda)"

_URL: Final = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_ACCOUNT_WORDS: Final = re.compile(
    r"\b(?:acct?|account|aza|nuban|bank|transfer|opay|palmpay|moniepoint|kuda|gtb|gtbank|zenith|uba|fcmb|access"
    r"|sterling|wema|fidelity|polaris|providus)\b",
    re.IGNORECASE,
)
_TRACKING_WORDS: Final = re.compile(
    r"\b(?:way\s?-?bill|track(?:ing)?|awb|consignment|shipment|parcel|serial|imei|invoice|receipt|reference|ref)\b"
    r"[^\d\n]{0,20}$",
    re.IGNORECASE,
)
_CURRENCY_BEFORE: Final = re.compile(r"(?:₦|#|\$|£|€|\b(?:n|ngn|usd|gbp|eur))\s?$", re.IGNORECASE)
_CURRENCY_AFTER: Final = re.compile(r"\s?(?:naira|ngn|kobo|usd|dollars?|pounds?|euros?)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Rule:
    """``applies`` looks at the whole text around a match and may let it pass."""

    warning: MessageWarning
    pattern: re.Pattern[str]
    hides: str | None = None
    applies: Callable[[re.Match[str]], bool] = lambda _: True


@dataclass(frozen=True, slots=True)
class Screened:
    """``shown`` is for the other party; ``warnings`` are in the table's order, each once."""

    shown: str
    warnings: tuple[MessageWarning, ...]

    @property
    def is_masked(self) -> bool:
        return any(rule.hides is not None and rule.warning in self.warnings for rule in RULES)


def _is_account(match: re.Match[str]) -> bool:
    text, before = match.string, match.string[: match.start()]
    if _is_in_url(match):
        return False
    speaks_of_accounts = _ACCOUNT_WORDS.search(text) is not None
    if _TRACKING_WORDS.search(before) and not speaks_of_accounts:
        return False
    # Nobody writes an amount with a zero in front, and many account numbers have one.
    if not match.group().startswith("0"):
        return not (_CURRENCY_BEFORE.search(before) or _CURRENCY_AFTER.match(text, match.end()))
    return True


def _is_loose_account(match: re.Match[str]) -> bool:
    # Two prices have this shape as well.
    return _ACCOUNT_WORDS.search(match.string) is not None and _is_account(match)


def _is_in_url(match: re.Match[str]) -> bool:
    return any(url.start() <= match.start() and match.end() <= url.end() for url in _URL.finditer(match.string))


def _rule(
    warning: MessageWarning,
    pattern: str,
    *,
    hides: str | None = None,
    applies: Callable[[re.Match[str]], bool] = lambda _: True,
) -> Rule:
    return Rule(warning, re.compile(pattern, re.IGNORECASE), hides, applies)


W = MessageWarning
_PHONE: Final = "[phone number hidden]"
_ACCOUNT: Final = "[account number hidden]"
_EMAIL: Final = "[e-mail address hidden]"
_LINK: Final = "[link hidden]"
_CONTACT: Final = "[contact hidden]"

RULES: Final[tuple[Rule, ...]] = (
    _rule(W.EMAIL_ADDRESS, r"[\w.+\-]+@[\w\-]+(?:\.[\w\-]+)+", hides=_EMAIL),
    _rule(
        W.EMAIL_ADDRESS,
        r"[\w.+\-]+\s*(?:\(at\)|\[at\]|\bat\b)\s*[\w\-]+\s*(?:\(dot\)|\[dot\]|\bdot\b)\s*(?:com|net|org|ng|co)\b",
        hides=_EMAIL,
    ),
    _rule(
        W.MESSENGER,
        r"(?:https?://)?(?:www\.)?(?:wa\.me|(?:api|chat|web)\.whatsapp\.com|t\.me|telegram\.me|m\.me|signal\.me"
        r"|(?:facebook|fb|instagram|snapchat)\.com)/\S+",
        hides=_LINK,
    ),
    _rule(
        W.MESSENGER,
        rf"\b(?:text|call|chat|dm|message|msg|reach|contact|write|ping|add|hit)\s+me\s+(?:up\s+)?(?:on|via|through|at)?"
        rf"\s*{_MESSENGER}(?:\s*@?[\w.]*\w)?",
        hides=_CONTACT,
    ),
    _rule(
        W.MESSENGER,
        rf"\bmy\s+(?!signal\s+is){_MESSENGER}(?:\s+(?:handle|name|number|id|username))?\s*(?:is|:|=)\s*@?[\w.]+",
        hides=_CONTACT,
    ),
    _rule(
        W.PAYMENT_LINK,
        r"(?:https?://)?(?:www\.)?(?:paystack\.(?:com|shop)/(?:pay|buy)?|(?:flutterwave\.com|ravesandbox\.com)/pay"
        r"|paypal\.me|cash\.app|pay\.[\w\-]+\.\w+)/\S+",
        hides=_LINK,
    ),
    _rule(W.PHONE_NUMBER, rf"(?<![\w+])(?:\+|00)\s?[1-9](?:{_GAP}\d){{8,14}}(?!\d)", hides=_PHONE),
    _rule(W.PHONE_NUMBER, rf"(?<![\w+])234{_GAP}0?[789][01](?:{_GAP}\d){{8}}(?!\w)", hides=_PHONE),
    _rule(W.PHONE_NUMBER, rf"(?<!\w)\(?0[789][01]\)?(?:{_GAP}\d){{8}}(?!\w)", hides=_PHONE),
    _rule(W.PHONE_NUMBER, rf"\b(?:{_DIGIT_WORD}[\s,.\-]+){{6,}}{_DIGIT_WORD}\b", hides=_PHONE),
    _rule(
        W.ACCOUNT_NUMBER,
        r"(?<![\w.,:\-])(?:\d{10}|\d{3}[ \-]\d{3}[ \-]\d{4}|\d{4}[ \-]\d{3}[ \-]\d{3}|\d{2}[ \-]\d{4}[ \-]\d{4}"
        rf"|\d{{4}}[ \-]\d{{4}}[ \-]\d{{2}}|\d(?:[ .\-{_BREAK}]\d){{9}})(?![\w:]|[.,\-]\d)",
        hides=_ACCOUNT,
        applies=_is_account,
    ),
    _rule(
        W.ACCOUNT_NUMBER,
        r"(?<![\w.,:\-])\d{5}[ \-]\d{5}(?![\w:]|[.,\-]\d)",
        hides=_ACCOUNT,
        applies=_is_loose_account,
    ),
    _rule(
        W.OFF_PLATFORM_PAYMENT,
        rf"\b(?:pay|paid|paying|payment|deal|transact|settle|send|money)\b.{{0,40}}?{_OUTSIDE}\b",
    ),
    _rule(W.OFF_PLATFORM_PAYMENT, r"\b(?:pay|send|settle)\s+(?:me|am|it|us|the money)\s+(?:outside|direct(?:ly)?)\b"),
    _rule(
        W.OFF_PLATFORM_PAYMENT,
        rf"\b(?:pay|send|transfer|wire|drop)\b.{{0,30}}?\b(?:to|into|in)\s+my\s+(?:\w+\s+)?{_WALLET}\b",
    ),
    _rule(
        W.OFF_PLATFORM_PAYMENT,
        r"\b(?:avoid|skip|dodge|save|without|bypass)\s+(?:\w+\s+){0,3}?(?:escrow|kro)(?:'s)?(?:\s+(?:fees?|charges?))?\b",
    ),
    _rule(
        W.OFF_PLATFORM_PAYMENT, r"\bcancel\s+(?:the\s+order|here|it|this)\b.{0,30}?\b(?:pay|cash|cheaper|discount)\b"
    ),
    _rule(W.OFF_PLATFORM_PAYMENT, r"\bmake\s+we\s+(?:do|run)\s+(?:am|the\s+deal)\s+outside\b"),
)


def screen(text: str) -> Screened:
    """Return a text as the other party may read it, and what it was found to hold."""
    plain = _plain(text)
    found: dict[MessageWarning, None] = {}
    hidden: list[tuple[int, int, str]] = []
    for rule in RULES:
        for match in _matches(rule, plain):
            found[rule.warning] = None
            if rule.hides is not None:
                hidden.append((match.start(), match.end(), rule.hides))
    return Screened(_hide(text, hidden), tuple(found))


def _matches(rule: Rule, text: str) -> Iterator[re.Match[str]]:
    return (match for match in rule.pattern.finditer(text) if rule.applies(match))


def _plain(text: str) -> str:
    """Return the text with digits of every script as ASCII and invisible signs as one: no position moves."""
    return text if text.isascii() else "".join(_plain_letter(letter) for letter in text)


def _plain_letter(letter: str) -> str:
    if letter.isascii():
        return letter
    digit = unicodedata.digit(letter, None)
    if digit is not None:
        return str(digit)
    return _BREAK if unicodedata.category(letter) in _INVISIBLE else letter


def _hide(text: str, spans: list[tuple[int, int, str]]) -> str:
    """Replace spans by their labels; of overlapping ones the first in the text hides the rest."""
    parts, position = [], 0
    for start, end, label in sorted(spans):
        if start >= position:
            parts += [text[position:start], label]
        position = max(position, end)
    return "".join([*parts, text[position:]])
