"""What admins see of a day's budgets: the wide ones always, ranges and accounts once there was an alarm for them."""

from __future__ import annotations

from dataclasses import replace

from kro.core.clock import SystemClock
from kro.core.database.pool import Database
from kro.core.ids import SystemIdSource, show_id
from kro.core.messaging import MessagingOptions
from kro.core.messaging.channels import TextChannels
from texting import PLENTY, code, texting

IDS = SystemIdSource()


async def test_ranges_and_accounts_are_shown_with_what_they_may_cost(database: Database, sandbox_url: str) -> None:
    account, quiet = IDS.new(), IDS.new()
    caps = replace(PLENTY, account_minor=1_000, range_minor=10_000, ranges={"+234803": 1_000})
    async with texting(database, sandbox_url, "termii", caps=caps, prices={"termii": 500}) as sut:
        for to, asked_by in (("+2348031234567", account), ("+2348061234567", account), ("+2348051234567", account)):
            await sut.send(code(to, account_id=asked_by))
        await sut.send(code("+2347031234567", account_id=quiet))
        channels = TextChannels(
            database,
            sut.vendors,
            options=MessagingOptions(rules=(), caps=caps),
            countries=["NG"],
            clock=SystemClock(),
            ids=IDS,
        )

        found = await channels.overview()

    assert [(one.scope, one.subject, one.spent_minor, one.cap_minor, one.alarmed) for one in found.budgets] == [
        ("total", "", 1_500, 10**9, 0),
        ("country", "NG", 1_500, 10**9, 0),
        ("provider", "termii", 1_500, 10**9, 0),
        ("range", "+234803", 500, 1_000, 50),
        ("account", show_id("usr", account), 1_000, 1_000, 100),
    ]
