from __future__ import annotations

import pytest

from kro.core.alerts import alert
from kro.core.database.pool import Database
from kro.core.decisions import Decision
from kro.core.decisions.encoding import encode
from kro.core.email.fake import FakeEmail
from kro.core.email.interface import EmailRefused
from kro.core.ids import SystemIdSource
from kro.core.notifications import AlertTopic, Templates
from kro.core.outbox import OutboxRelay, RelayOptions


@pytest.fixture
def email() -> FakeEmail:
    return FakeEmail()


@pytest.fixture
def relay(database: Database, email: FakeEmail, quick: RelayOptions) -> OutboxRelay:
    topic = AlertTopic(email=email, templates=Templates(), address="operations@kro.example")
    return OutboxRelay(database, {"alert": topic.handle}, options=quick)


async def raise_alarm(database: Database, *, subject: str = "A payout is open") -> None:
    message = alert(
        id=SystemIdSource().new(), kind="payout_open", subject=subject, detail="First <b>fact</b>.\n\nSecond fact."
    )
    await database.apply(encode(Decision(messages=(message,))))


async def test_an_alarm_reaches_the_operators(relay: OutboxRelay, email: FakeEmail, database: Database) -> None:
    await raise_alarm(database)

    await relay.run_until_idle()

    [mail] = email.sent
    assert (mail.to, mail.category, mail.subject) == (
        "operations@kro.example",
        "alert",
        "[KRO alert] A payout is open",
    )
    assert mail.text.startswith("First <b>fact</b>.\n\nSecond fact.\n")
    assert "&lt;b&gt;fact" in mail.html


async def test_a_subject_stays_one_line(relay: OutboxRelay, email: FakeEmail, database: Database) -> None:
    await raise_alarm(database, subject="One\r\nBcc: everybody@example.com")

    await relay.run_until_idle()

    assert "\n" not in email.sent[0].subject
    assert "\r" not in email.sent[0].subject


async def test_an_alarm_waits_for_mail_to_come_back(relay: OutboxRelay, email: FakeEmail, database: Database) -> None:
    email.results += [EmailRefused(code="busy", permanent=False)]
    await raise_alarm(database)

    await relay.run_until_idle()

    assert len(email.sent) == 1
    assert await database.value("SELECT state FROM outbox") == "delivered"
