from __future__ import annotations

from typing import Any
from uuid import UUID

import jinja2
import pytest

from kro.core.ids import show_id
from kro.core.money import MAX_AMOUNT_MINOR
from kro.core.notices import Language
from kro.core.notifications import Template, Templates
from kro.core.notifications.words import _DUTIES, code, line, money, plain_money
from kro.core.sms.gsm7 import septets
from kro.order.database.words import TimerKind
from kro.verification.domain import StepUpAction

EVIL = '<b>Call 0800</b> http://evil.example "now"\r\nBcc: x@example.com'
LINK = f"https://api.kro.example/v1/public/invites/{'x' * 43}"
LARGEST = {"amount": MAX_AMOUNT_MINOR, "currency": "NGN"}
ACCOUNT_LINK = f"https://api.kro.example/v1/public/contact-changes/{'x' * 43}"
ORDER: dict[str, Any] = {"order_id": "ord_01h455vb4pex5vsknk084sn02q", "title": EVIL, "amount": LARGEST}
PAYOUT: dict[str, Any] = {
    "payout_id": "pyt_01h455vb4pex5vsknk084sn02q",
    "amount": LARGEST,
    "bank": "Guaranty Trust Bank of Nigeria Public Limited Company ******4567",
}
REFUND: dict[str, Any] = {"refund_id": "rfd_01h455vb4pex5vsknk084sn02q", "amount": LARGEST}
# What the modules that announce things put into their messages.
FACTS: dict[Template, dict[str, Any]] = {
    Template.ORDER_CREATED: {**ORDER, "from_name": EVIL},
    Template.ORDER_ACCEPTED: ORDER,
    Template.ORDER_DECLINED: {**ORDER, "reason": EVIL},
    Template.ORDER_CANCELLED: {**ORDER, "reason": EVIL},
    Template.ORDER_EXPIRED: ORDER,
    Template.ORDER_FUNDED: ORDER,
    Template.PAYMENT_RECEIVED: {**ORDER, "received": LARGEST},
    Template.CONDITION_SUBMITTED: {**ORDER, "condition": EVIL},
    Template.CONDITION_CONFIRMED: {**ORDER, "condition": EVIL},
    Template.CONDITION_REJECTED: {**ORDER, "condition": EVIL, "reason": EVIL},
    Template.ORDER_COMPLETED: ORDER,
    Template.CHANGES_REQUESTED: {**ORDER, "reason": EVIL},
    Template.ORDER_PARTLY_RELEASED: {**ORDER, "received": LARGEST},
    Template.INSPECTION_EXTENDED: {**ORDER, "hours": 720},
    Template.ORDER_CLOSED: {**ORDER, "received": LARGEST},
    Template.ORDER_REFUNDED: {**ORDER, "refunded": LARGEST},
    Template.PAYOUT_REQUESTED: PAYOUT,
    Template.PAYOUT_SETTLED: PAYOUT,
    Template.PAYOUT_FAILED: PAYOUT,
    Template.REFUND_REQUESTED: REFUND,
    Template.REFUND_PROCESSED: REFUND,
    Template.REFUND_FAILED: REFUND,
    Template.PAYOUT_RETURNED: PAYOUT,
    Template.BANK_ACCOUNT_ADDED: {"bank": PAYOUT["bank"], "usable_from": "15 Jan 2026, 10:00"},
    Template.BALANCE_CREDITED: {"amount": LARGEST},
    Template.BALANCE_DEBITED: {"amount": LARGEST},
    Template.CHARGEBACK_OPENED: {"amount": LARGEST, "held": True, "taken": LARGEST, "owed": LARGEST},
    Template.CHARGEBACK_WON: {"amount": LARGEST, "returned": LARGEST},
    Template.CHARGEBACK_LOST: {"amount": LARGEST},
    Template.DEBT_REPAID: {"amount": LARGEST, "owed": LARGEST},
    Template.DEBT_WRITTEN_OFF: {"amount": LARGEST},
    Template.DEADLINE_REMINDER: {**ORDER, "deadline": "inspect_by", "due_at": "2026-01-15T09:00:00+00:00"},
    Template.DELIVERY_OVERDUE: ORDER,
    Template.MILESTONE_RELEASED: {**ORDER, "condition": EVIL, "received": LARGEST},
    Template.MILESTONE_REMINDER: {**ORDER, "condition": EVIL, "due_at": "2026-01-15T09:00:00+00:00"},
    Template.MILESTONE_UNCONFIRMED: {**ORDER, "condition": EVIL},
    Template.HANDOVER_CODE_LOCKED: ORDER,
    Template.ORDER_SPLIT: {**ORDER, "received": LARGEST},
    Template.ISSUE_REPORTED: ORDER,
    Template.ISSUE_ANSWERED: ORDER,
    Template.ISSUE_WITHDRAWN: ORDER,
    Template.OFFER_MADE: ORDER,
    Template.OFFER_DECLINED: ORDER,
    Template.DISPUTE_OPENED: ORDER,
    Template.INFO_REQUESTED: ORDER,
    Template.DISPUTE_DECIDED: ORDER,
    Template.DISPUTE_APPEALED: ORDER,
    Template.ORDER_MESSAGE: ORDER,
    Template.ORDER_INVITE: {
        **ORDER,
        "from_name": EVIL,
        "link": LINK,
    },
    Template.TERMS_EDITED: ORDER,
    Template.TERMS_COUNTERED: ORDER,
    Template.AMENDMENT_PROPOSED: ORDER,
    Template.AMENDMENT_ACCEPTED: ORDER,
    Template.ADMIN_INVITE: {"link": LINK},
    Template.ADMIN_FACTOR_RESET: {"link": LINK},
    Template.TWO_FACTOR_ON: {"at": "2026-01-15T09:00:00+00:00"},
    Template.TWO_FACTOR_OFF: {"at": "2026-01-15T09:00:00+00:00"},
    Template.TWO_FACTOR_CODES_RENEWED: {"at": "2026-01-15T09:00:00+00:00"},
    Template.RECOVERY_CODE_USED: {"at": "2026-01-15T09:00:00+00:00"},
    Template.LOGIN_FROM_NEW_COUNTRY: {"at": "2026-01-15T09:00:00+00:00", "country": "GH"},
    Template.AMENDMENT_DECLINED: ORDER,
    Template.LOGIN_LINK: {"link": ACCOUNT_LINK},
    Template.PASSWORD_RESET_LINK: {"link": ACCOUNT_LINK},
    Template.PASSWORD_CHANGED: {"hours": 24},
    Template.CONTACT_CHANGE_STARTED: {
        "link": ACCOUNT_LINK,
        "what": "mail address",
        "new": "a***@e***",
        "from": "2026-01-15T09:00:00+00:00",
    },
    Template.CONTACT_CHANGED: {"what": "mail address", "new": "a***@e***", "hours": 24},
    Template.ACCOUNT_CLOSED: {"at": "2026-01-15T09:00:00+00:00"},
    Template.DATA_EXPORT_READY: {"until": "2026-01-15T09:00:00+00:00"},
    Template.IDENTITY_VERIFIED: {"kind": "BVN", "number": "******4567"},
    Template.IDENTITY_REFUSED: {"kind": "BVN", "number": "******4567"},
    Template.TIER_CHANGED: {"tier": 2},
    Template.AMENDMENT_WITHDRAWN: ORDER,
    Template.AMENDMENT_LAPSED: ORDER,
    Template.ORDER_HELD: ORDER,
    Template.ORDER_CONTESTED: ORDER,
    Template.ORDER_RESUMED: ORDER,
    Template.MAIL_UNDELIVERABLE: {},
}
OTP = {"code": "012345", "purpose": "register", "minutes": 5}


@pytest.fixture(scope="module")
def templates() -> Templates:
    return Templates()


def test_every_template_is_here() -> None:
    assert set(FACTS) == set(Template) - {Template.OTP, Template.STEP_UP, Template.HANDOVER_CODE}


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("template", FACTS)
def test_a_text_fits_one_part_whatever_the_facts_and_carries_no_words_of_users(
    templates: Templates, template: Template, language: Language
) -> None:
    text = templates.sms(template, FACTS[template], language=language)

    assert text.startswith("KRO: ")
    assert text.endswith("."), "nothing was cut off"
    assert 0 < (septets(text) or 0) <= 160
    text = text.replace(LINK, "").replace(ACCOUNT_LINK, "")
    for word in ("0800", "evil", "http", "Call"):
        assert word not in text


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("template", FACTS)
def test_a_mail_says_the_same_as_text_and_as_a_page_with_every_word_escaped(
    templates: Templates, template: Template, language: Language
) -> None:
    mail = templates.mail(template, FACTS[template], first_name="<i>Ọlá</i>", language=language)

    assert "\n" not in mail.subject
    assert "\r" not in mail.subject
    assert mail.text.startswith("Hello <i>Ọlá</i>,\n\n")
    assert "\n\n\n" not in mail.text
    assert "Hello &lt;i&gt;Ọlá&lt;/i&gt;," in mail.html
    for markup in ("<b>", "<i>", "{{", "{%", "None"):
        assert markup not in mail.html
    for markup in ("{{", "{%", "None", "\r", "&lt;"):
        assert markup not in mail.text


@pytest.mark.parametrize("template", [Template.ORDER_DECLINED, Template.ORDER_CANCELLED, Template.CONDITION_REJECTED])
def test_a_reason_is_told_if_there_is_one(templates: Templates, template: Template) -> None:
    facts = {**FACTS[template], "reason": "It is broken."}

    assert "It is broken." in templates.mail(template, facts, first_name="Demo").text
    without = templates.mail(template, {**facts, "reason": None}, first_name="Demo")
    assert "reason" not in without.text
    assert "\n\n\n" not in without.text


@pytest.mark.parametrize("action", StepUpAction)
@pytest.mark.parametrize("amount", [None, {"amount": 10**12, "currency": "NGN"}])
@pytest.mark.parametrize(
    ("language", "first", "last"),
    [
        (Language.EN, "012345 is your KRO code to ", "Never share it with anyone."),
        (Language.PCM, "012345 na your KRO code to ", "No give anybody."),
    ],
)
def test_a_proof_says_what_it_is_good_for_and_fits_one_part(
    templates: Templates,
    action: StepUpAction,
    amount: dict[str, object] | None,
    language: Language,
    first: str,
    last: str,
) -> None:
    facts = {"code": "012345", "minutes": 10, "action": action, "amount": amount}

    text = templates.sms(Template.STEP_UP, facts, language=language)

    assert text.startswith(first)
    assert ("NGN 10,000,000,000.00" in text) is (amount is not None)
    assert text.endswith(last)
    assert 0 < (septets(text) or 0) <= 160
    assert (
        text.partition(" NGN")[0].partition(".")[0]
        in templates.mail(Template.STEP_UP, facts, first_name="Demo", language=language).text
    )


def test_a_handover_code_comes_first_and_with_a_warning(templates: Templates) -> None:
    text = templates.sms(Template.HANDOVER_CODE, {"code": "012345", "order_id": ORDER["order_id"]})

    assert text.startswith("012345 is your KRO handover code for order 4SN02Q.")
    assert "only when you hold the goods" in text
    assert 0 < (septets(text) or 0) <= 160


def test_who_got_nothing_is_not_told_an_amount(templates: Templates) -> None:
    assert "NGN" in templates.sms(Template.ORDER_CLOSED, FACTS[Template.ORDER_CLOSED])
    assert templates.sms(Template.ORDER_CLOSED, ORDER) == (
        "KRO: order 4SN02Q is closed. The money was released to the seller."
    )


@pytest.mark.parametrize("template", [template for template in FACTS if FACTS[template]])
def test_a_missing_fact_is_an_error(templates: Templates, template: Template) -> None:
    with pytest.raises((jinja2.UndefinedError, TypeError)):
        templates.mail(template, {}, first_name="Demo")


@pytest.mark.parametrize(("purpose", "words"), [("register", "confirm your phone number"), ("login", "log in")])
def test_a_code_comes_first_and_with_a_warning(templates: Templates, purpose: str, words: str) -> None:
    text = templates.sms(Template.OTP, {**OTP, "purpose": purpose})

    assert text == (f"012345 is your KRO code to {words}. It is valid for 5 minutes. Never share it with anyone.")


@pytest.mark.parametrize(
    ("amount", "currency", "shown", "plain"),
    [
        (150_000, "NGN", "₦1,500.00", "NGN 1,500.00"),
        (1, "NGN", "₦0.01", "NGN 0.01"),
        (15_201_563, "NGN", "₦152,015.63", "NGN 152,015.63"),
        (150_000, "GHS", "GHS 1,500.00", "GHS 1,500.00"),
        (1500, "XOF", "XOF 1,500", "XOF 1,500"),
        (1_234_567, "KWD", "KWD 1,234.567", "KWD 1,234.567"),
    ],
)
def test_amounts_are_shown_as_people_write_them(amount: int, currency: str, shown: str, plain: str) -> None:
    value = {"amount": amount, "currency": currency}

    assert (money(value), plain_money(value)) == (shown, plain)


def test_somebodys_words_become_one_short_line() -> None:
    assert line("  a\tb\r\nc\x00\u2028d  ") == "a b c d"
    assert line("x" * 80) == "x" * 80
    assert line("x" * 81) == "x" * 77 + "..."


def test_an_id_is_said_by_its_end() -> None:

    assert code(show_id("ord", UUID(int=0x1F))) == "00000Z"


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("deadline", [kind.value for kind in TimerKind if kind.value in _DUTIES[Language.EN]])
def test_every_duty_fits_a_reminder(templates: Templates, deadline: str, language: Language) -> None:
    facts = {**FACTS[Template.DEADLINE_REMINDER], "deadline": deadline}

    text = templates.sms(Template.DEADLINE_REMINDER, facts, language=language)

    assert (text.endswith("."), (septets(text) or 161) <= 160) == (True, True)


def test_a_mail_loads_nothing_from_anywhere_and_says_its_language(templates: Templates) -> None:
    page = templates.mail(Template.ORDER_ACCEPTED, ORDER, first_name="Demo", language=Language.PCM).html

    assert '<html lang="pcm">' in page
    for loaded in ("<img", "<link", "<script", "url(", "src=", "href="):
        assert loaded not in page
