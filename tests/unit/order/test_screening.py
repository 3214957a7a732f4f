"""What is taken out of messages between the parties, and what is left alone."""

import pytest

from kro.order.database.thread_words import MessageWarning as W
from kro.order.domain.screening import RULES, screen

FULL_WIDTH = {ord(str(digit)): 0xFF10 + digit for digit in range(10)}
HIDDEN = [
    ("Call 08031234567 now", W.PHONE_NUMBER, "Call [phone number hidden] now"),
    ("0803 123 4567", W.PHONE_NUMBER, "[phone number hidden]"),
    ("080-3123-4567", W.PHONE_NUMBER, "[phone number hidden]"),
    ("(0803) 123-4567", W.PHONE_NUMBER, None),
    ("+234 803 123 4567", W.PHONE_NUMBER, "[phone number hidden]"),
    ("+234 (0) 803 123 4567", W.PHONE_NUMBER, "[phone number hidden]"),
    ("2348031234567", W.PHONE_NUMBER, "[phone number hidden]"),
    ("00234 8031234567", W.PHONE_NUMBER, "[phone number hidden]"),
    ("+44 7911 123456", W.PHONE_NUMBER, "[phone number hidden]"),
    ("+1 (415) 555-2671", W.PHONE_NUMBER, "[phone number hidden]"),
    ("080\u200b3123\u200b4567", W.PHONE_NUMBER, "[phone number hidden]"),
    ("08031234567".translate(FULL_WIDTH), W.PHONE_NUMBER, "[phone number hidden]"),
    ("٠٨٠٣١٢٣٤٥٦٧", W.PHONE_NUMBER, "[phone number hidden]"),
    ("waybill 08031234567", W.PHONE_NUMBER, "waybill [phone number hidden]"),
    ("zero eight zero three one two three four five six seven", W.PHONE_NUMBER, "[phone number hidden]"),
    ("0123456789 GTB", W.ACCOUNT_NUMBER, "[account number hidden] GTB"),
    ("acct: 2034567891", W.ACCOUNT_NUMBER, "acct: [account number hidden]"),
    ("012 345 6789", W.ACCOUNT_NUMBER, "[account number hidden]"),
    ("0123-456-789", W.ACCOUNT_NUMBER, "[account number hidden]"),
    ("my account is 20345 67891", W.ACCOUNT_NUMBER, "my account is [account number hidden]"),
    ("0 1 2 3 4 5 6 7 8 9", W.ACCOUNT_NUMBER, "[account number hidden]"),
    ("#0123456789", W.ACCOUNT_NUMBER, "#[account number hidden]"),
    ("8031234567", W.ACCOUNT_NUMBER, "[account number hidden]"),
    ("waybill fee to my account 2034567891", W.ACCOUNT_NUMBER, None),
    ("tracking 1020011345, or pay by transfer", W.ACCOUNT_NUMBER, None),
    ("mail ada.obi+kro@gmail.com please", W.EMAIL_ADDRESS, "mail [e-mail address hidden] please"),
    ("ada at gmail dot com", W.EMAIL_ADDRESS, "[e-mail address hidden]"),
    ("ada (at) yahoo (dot) com", W.EMAIL_ADDRESS, "[e-mail address hidden]"),
    ("ADA@MAIL.CO.UK", W.EMAIL_ADDRESS, "[e-mail address hidden]"),
    ("https://wa.me/2348031234567", W.MESSENGER, "[link hidden]"),
    ("t.me/adaobi", W.MESSENGER, "[link hidden]"),
    ("join https://chat.whatsapp.com/AbC123", W.MESSENGER, "join [link hidden]"),
    ("instagram.com/adaobi", W.MESSENGER, "[link hidden]"),
    ("text me on WhatsApp", W.MESSENGER, "[contact hidden]"),
    ("DM me on IG @adaobi", W.MESSENGER, "[contact hidden]"),
    ("my telegram is @adaobi", W.MESSENGER, "[contact hidden]"),
    ("pay at https://paystack.com/pay/adaobi", W.PAYMENT_LINK, "pay at [link hidden]"),
    ("paypal.me/adaobi", W.PAYMENT_LINK, "[link hidden]"),
    ("cash.app/$adaobi", W.PAYMENT_LINK, "[link hidden]"),
]
WARNED = [
    "Pay me outside",
    "let us do the payment outside the app",
    "Never pay outside of the platform!",
    "send the money directly",
    "transfer it to my bank",
    "send am to my opay",
    "pay into my GTB account",
    "we can avoid the KRO fees",
    "let's skip escrow",
    "cancel the order and pay me cash",
    "make we do am outside",
    "I give discount if the deal is off the platform",
]
LEFT_ALONE = [
    "The price is ₦15,000,000",
    "NGN 1500000000 in total",
    "1500000000 naira",
    "N1234567890",
    "#1500000000",
    "1 500 000 000",
    "1,500,000,000",
    "15.000.000,00",
    "between 15000-20000",
    "15000 20000",
    "Order 4K9QZ7",
    "ord_06c3k1y3x3y8z0e9w4t1a2b3c4",
    "waybill 1020011345",
    "Waybill number: 1020011345",
    "tracking no. 1234567890",
    "AWB 1234567890",
    "GIG1020011345",
    "1Z999AA10123456784",
    "JD0146000031234567",
    "IMEI 356938035643809",
    "chassis JTDBR32E720123456",
    "https://gigl.example/track/1020011345",
    "2026-01-15 10:30",
    "15-01-2026 10:30",
    "15-01-2026 10 am",
    "09-01-2026 100 pcs",
    "20260115",
    "from 08:00 to 17:00",
    "sizes 1 2 3 4 5 6 7 8 9 10",
    "one two three",
    "I sent the photo on WhatsApp yesterday",
    "Call me when you are at the gate",
    "I paid the rider cash",
    "Meet me outside the bank",
    "Is it 100% original?",
    "Deliver to 12 Allen Avenue, Ikeja 100271",
    "my signal is bad here",
    "2 at a time",
    "The charger is 19.5 V 3.33 A",
    "Version 10.15.7 of 2024",
]


@pytest.mark.parametrize(("text", "warning", "shown"), HIDDEN)
def test_contact_details_are_hidden(text: str, warning: W, shown: str | None) -> None:
    screened = screen(text)

    assert warning in screened.warnings
    assert screened.is_masked
    assert "hidden]" in screened.shown
    if shown is not None:
        assert screened.shown == shown


@pytest.mark.parametrize("text", WARNED)
def test_invitations_to_pay_outside_are_warned_of_and_stay_legible(text: str) -> None:
    screened = screen(text)

    assert (screened.shown, screened.warnings) == (text, (W.OFF_PLATFORM_PAYMENT,))
    assert not screened.is_masked


@pytest.mark.parametrize("text", LEFT_ALONE)
def test_what_only_looks_like_it_is_left_alone(text: str) -> None:
    assert (screen(text).shown, screen(text).warnings) == (text, ())


def test_several_findings_are_hidden_at_once_and_told_once_each() -> None:
    screened = screen("Ring 08031234567 or 08031234568,\nmail a@b.ng; wa.me/2348031234567")

    assert screened.shown == (
        "Ring [phone number hidden] or [phone number hidden],\nmail [e-mail address hidden]; [link hidden]"
    )
    assert screened.warnings == (W.EMAIL_ADDRESS, W.MESSENGER, W.PHONE_NUMBER)


def test_every_rule_has_an_example() -> None:
    texts = [text for text, *_ in HIDDEN] + WARNED
    assert [rule for rule in RULES if not any(rule.pattern.search(text) for text in texts)] == []


# A pattern that tries every way to split a text would hang here for minutes.
@pytest.mark.timeout(30)
@pytest.mark.parametrize("letter", ["0", "0 ", "a", "a.", "one ", "1-", "@", "\u200b", "(", "pay ", "at ", "my "])
def test_no_text_takes_long(letter: str) -> None:
    assert screen((letter * 2_000)[:2_000]).shown
