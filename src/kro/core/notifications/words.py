"""The words of every message: one file per template with the blocks ``sms``, ``subject`` and ``mail``.

An SMS carries no words that a user wrote: nobody can make us text theirs. A mail does, on one line, shortened, escaped.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from kro.core.business_days import LAGOS
from kro.core.money import Money, exponent
from kro.core.notices import Language, Template
from kro.core.sms import to_gsm7

if TYPE_CHECKING:
    from jinja2 import Environment
    from jinja2 import Template as Compiled
    from jinja2.runtime import Context

_DUTIES: Final = {
    Language.EN: {
        "accept_by": "answer the proposal",
        "fund_by": "pay into escrow",
        "deliver_by": "deliver",
        "inspect_by": "check and approve, or report an issue",
        "respond_by": "answer the issue",
        "negotiate_by": "agree with the other party",
        "evidence_by": "hand in evidence",
        "appeal_by": "appeal the decision",
    },
    Language.PCM: {
        "accept_by": "answer the order",
        "fund_by": "pay the money into escrow",
        "deliver_by": "deliver",
        "inspect_by": "check am and approve, or report wetin wrong",
        "respond_by": "answer the issue",
        "negotiate_by": "agree with the other person",
        "evidence_by": "send your proof",
        "appeal_by": "appeal the decision",
    },
}
_GREETINGS: Final = {Language.EN: "Hello", Language.PCM: "Hello"}
_CLOSINGS: Final = {Language.EN: "Your KRO team", Language.PCM: "Your KRO team"}
_WARNINGS: Final = {
    Language.EN: "KRO never asks for your password or a code.",
    Language.PCM: "KRO no go ever ask you for your password or any code.",
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


@dataclass(frozen=True, slots=True)
class InboxText:
    title: str
    body: str


# Compiled templates live as long as the process: everybody who renders has the same ones. The library is imported with
# them, as most processes only hand on what is to be said.
@cache
def _words() -> Environment:
    from jinja2 import pass_context  # noqa: PLC0415 - see above

    environment = _environment(autoescape=False)  # plain texts, which the page below escapes
    environment.filters |= {
        "money": money,
        "plain": plain_money,
        "line": line,
        "code": code,
        "moment": moment,
        "duty": pass_context(duty),
    }
    return environment


@cache
def _page() -> Compiled:
    return _environment(autoescape=True).get_template("layout.html")


def _environment(*, autoescape: bool) -> Environment:
    import jinja2  # noqa: PLC0415 - see above

    return jinja2.Environment(
        loader=jinja2.PackageLoader("kro.core.notifications", "templates"),
        autoescape=autoescape,  # noqa: S701 - see who asks
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
    )


class Templates:
    """Renders templates. Facts are plain JSON values; amounts are ``{"amount": minor units, "currency": code}``.

    What a language has no words for is said in English.
    """

    def sms(self, template: Template, facts: Mapping[str, Any], *, language: Language = Language.EN) -> str:
        """Return one part of GSM-7.

        :raises jinja2.UndefinedError: when a fact is missing.
        """
        return to_gsm7(self._block(template, "sms", facts, language))

    def mail(
        self, template: Template, facts: Mapping[str, Any], *, first_name: str, language: Language = Language.EN
    ) -> MailText:
        """Return a mail as text and as a page that says the same.

        :raises jinja2.UndefinedError: when a fact is missing.
        """
        shown = self.inbox(template, facts, language=language)
        paragraphs = [f"{_GREETINGS[language]} {line(first_name)},", *shown.body.split("\n\n"), _CLOSINGS[language]]
        return self._written(shown.title, paragraphs, language)

    def inbox(self, template: Template, facts: Mapping[str, Any], *, language: Language = Language.EN) -> InboxText:
        """Return what the app shows: a title of one line, and paragraphs with an empty line between them.

        :raises jinja2.UndefinedError: when a fact is missing.
        """
        body = self._block(template, "mail", facts, language)
        return InboxText(self._block(template, "subject", facts, language), re.sub(r"\n{2,}", "\n\n", body))

    def notice(self, subject: str, paragraphs: Sequence[str]) -> MailText:
        """Return a mail of plain paragraphs that needs no template, to people of our own."""
        return self._written(line(subject, _SUBJECT), paragraphs, Language.EN)

    def _written(self, subject: str, paragraphs: Sequence[str], language: Language) -> MailText:
        return MailText(
            subject=subject,
            text="\n\n".join((*paragraphs, _WARNINGS[language])) + "\n",
            html=_page().render(
                subject=subject, paragraphs=paragraphs, language=language.value, warning=_WARNINGS[language]
            ),
        )

    def _block(self, template: Template, name: str, facts: Mapping[str, Any], language: Language) -> str:
        words = _words().select_template((f"{language}/{template}.txt", f"{template}.txt"))
        context = words.new_context({**_OPTIONAL, **facts, "language": language})
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


def duty(context: Context, deadline: str) -> str:
    """Return what has to be done before a deadline, named as in the order's lifecycle."""
    return _DUTIES[context["language"]][deadline]


def code(shown_id: str) -> str:
    """Return the end of a shown id as people say it: ``ord_…4k9qz7`` is ``4K9QZ7``."""
    return shown_id[-_CODE_LETTERS:].upper()


def _digits(value: Mapping[str, Any]) -> str:
    whole, _, part = Money(value["amount"], value["currency"]).to_major().partition(".")
    return f"{int(whole):,}.{part}" if exponent(value["currency"]) else f"{int(whole):,}"
