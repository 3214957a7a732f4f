"""The words of every message: one file per template with the blocks ``sms``, ``subject`` and ``mail``.

An SMS carries no words that a user wrote: nobody can make us text theirs. A mail does, on one line, shortened, escaped.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import jinja2

from kro.core.business_days import LAGOS
from kro.core.money import Money, exponent
from kro.core.notices import Template
from kro.core.sms import to_gsm7

_DUTIES: Final = {
    "accept_by": "answer the proposal",
    "fund_by": "pay into escrow",
    "deliver_by": "deliver",
    "inspect_by": "check and approve, or report an issue",
    "respond_by": "answer the issue",
    "negotiate_by": "agree with the other party",
    "evidence_by": "hand in evidence",
    "appeal_by": "appeal the decision",
}
_SYMBOLS: Final = {"NGN": "₦"}
_CODE_LETTERS: Final = 6
_LINE: Final = 80
_SUBJECT: Final = 150
# What a template may leave out; any other missing fact is an error, not an empty place in a sentence.
_OPTIONAL: Final = {"reason": None, "received": None}


@dataclass(frozen=True, slots=True)
class MailText:
    subject: str
    text: str
    html: str


class Templates:
    """Renders templates. Facts are plain JSON values; amounts are ``{"amount": minor units, "currency": code}``."""

    def __init__(self) -> None:
        loader = jinja2.PackageLoader("kro.core.notifications", "templates")
        self._words = jinja2.Environment(
            loader=loader,
            autoescape=False,  # noqa: S701 - these are plain texts; the page below escapes them
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
        )
        self._words.filters |= {
            "money": money,
            "plain": plain_money,
            "line": line,
            "code": code,
            "moment": moment,
            "duty": duty,
        }
        page = jinja2.Environment(loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
        self._page = page.get_template("layout.html")

    def sms(self, template: Template, facts: Mapping[str, Any]) -> str:
        """Return one part of GSM-7.

        :raises jinja2.UndefinedError: when a fact is missing.
        """
        return to_gsm7(self._block(template, "sms", facts))

    def mail(self, template: Template, facts: Mapping[str, Any], *, first_name: str) -> MailText:
        """Return a mail as text and as a page that says the same.

        :raises jinja2.UndefinedError: when a fact is missing.
        """
        subject = self._block(template, "subject", facts)
        body = self._block(template, "mail", facts)
        return self._written(subject, [f"Hello {line(first_name)},", *re.split(r"\n{2,}", body), "Your KRO team"])

    def notice(self, subject: str, paragraphs: Sequence[str]) -> MailText:
        """Return a mail of plain paragraphs that needs no template, to people of our own."""
        return self._written(line(subject, _SUBJECT), paragraphs)

    def _written(self, subject: str, paragraphs: Sequence[str]) -> MailText:
        return MailText(
            subject=subject,
            text="\n\n".join(paragraphs) + "\n",
            html=self._page.render(subject=subject, paragraphs=paragraphs),
        )

    def _block(self, template: Template, name: str, facts: Mapping[str, Any]) -> str:
        words = self._words.get_template(f"{template}.txt")
        context = words.new_context({**_OPTIONAL, **facts})
        return "".join(words.blocks[name](context)).strip()


def money(value: Mapping[str, Any]) -> str:
    """Return ``₦1,500.00``; currencies without a familiar sign keep their code."""
    symbol = _SYMBOLS.get(value["currency"])
    return f"{symbol}{_digits(value)}" if symbol else plain_money(value)


def plain_money(value: Mapping[str, Any]) -> str:
    """Return ``NGN 1,500.00``: the naira sign is not in GSM-7."""
    return f"{value['currency']} {_digits(value)}"


def line(text: str, length: int = _LINE) -> str:
    """Return somebody's words on one line without control characters, cut to a length."""
    flat = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return flat if len(flat) <= length else flat[: length - 3].rstrip() + "..."


def moment(text: str) -> str:
    """Return a moment as people in Lagos read it: ``15 Jan 2026, 10:00``."""
    return datetime.fromisoformat(text).astimezone(LAGOS).strftime("%d %b %Y, %H:%M")


def duty(deadline: str) -> str:
    """Return what has to be done before a deadline, named as in the order's lifecycle."""
    return _DUTIES[deadline]


def code(shown_id: str) -> str:
    """Return the end of a shown id as people say it: ``ord_…4k9qz7`` is ``4K9QZ7``."""
    return shown_id[-_CODE_LETTERS:].upper()


def _digits(value: Mapping[str, Any]) -> str:
    whole, _, part = Money(value["amount"], value["currency"]).to_major().partition(".")
    return f"{int(whole):,}.{part}" if exponent(value["currency"]) else f"{int(whole):,}"
