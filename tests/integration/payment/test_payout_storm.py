"""A provider that loses every third answer: each payout is one transfer, or none, or waits for people."""

from __future__ import annotations

import os

import pytest
from tests.integration.payment.storm import PayoutStorm, StormySender

from kro.core.database.pool import Database
from kro.payment.providers import FailedDefinitively, TransferSendResult, Unknown

PAYOUTS = int(os.environ.get("KRO_STORM_PAYOUTS", "150"))
MINUTES = 60


@pytest.mark.timeout(MINUTES * 60)
async def test_no_payout_is_sent_twice_lost_or_forgotten(database: Database) -> None:
    storm = await PayoutStorm(database, payouts=PAYOUTS).rage()

    print(f"\n{storm}")  # noqa: T201 - the figures are the point of the long run
    assert storm.broken == []
    assert storm.ended.total() == PAYOUTS
    assert storm.repeated > 0
    assert storm.ended["succeeded"] > PAYOUTS * 0.7


class ImpatientSender(StormySender):
    """Takes silence for a refusal, as careless code would."""

    async def send(self, **instruction: object) -> TransferSendResult:
        answer = await super().send(**instruction)  # type: ignore[arg-type]
        return FailedDefinitively("timeout") if isinstance(answer, Unknown) else answer


async def test_the_storm_finds_who_takes_silence_for_a_refusal(database: Database) -> None:
    storm = await PayoutStorm(database, payouts=60, sender=ImpatientSender).rage()

    assert any("is failed and its transfer is success" in fault for fault in storm.broken)
    assert any("the books say" in fault for fault in storm.broken)
