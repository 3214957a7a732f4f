"""Payouts through a provider that keeps losing answers: weeks of bad network in a few minutes, the same every time.

Of all calls to send money a fifth is lost after the provider acted and a tenth before. Some never leave, some workers
die in the middle of a call, outbox messages come twice, and questions stay unanswered too. Banks refuse some transfers,
send some back later, and forget about a few for ever. Of money sent back the provider tells at once or days later, when
nobody asks about the payout any more.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from tests.integration.payment.services import PAYOUT_RULES
from tests.integration.payment.world import PaymentWorld

from kro.core.actor import Actor
from kro.core.database.pool import Database
from kro.core.money import Money
from kro.payment.domain import Payout
from kro.payment.providers import TransferSender, TransferSendResult
from kro.payment.providers.fake import Fault
from kro.payment.providers.results import BankAccount

AFTER_ACTING, BEFORE_ACTING, NEVER_LEFT, DIED, TWICE, NO_ANSWER = 0.20, 0.10, 0.03, 0.01, 0.05, 0.10
FATES = {"success": 0.85, "failed": 0.10, "reversed": 0.03, "forgotten": 0.02}
PER_USER = 50
AT_ONCE = 12
LARGEST = 900_000
FUNDS = 10**14
DAYS, LAST_REVERSAL, LATE_NEWS = 9, timedelta(days=5), timedelta(days=3)
RULES = replace(PAYOUT_RULES, return_watch=timedelta(days=2))

_STATES = """
SELECT t.id, t.status, t.amount, (SELECT count(*) FROM payout_attempts AS a WHERE a.payout_id = t.id) AS attempts,
       (SELECT max(a.reference) FROM payout_attempts AS a WHERE a.payout_id = t.id) AS reference
FROM transactions AS t WHERE t.kind = 'payout'"""
_CLEARING = """
SELECT coalesce(sum(e.amount), 0)::bigint FROM ledger_entries AS e JOIN kro_balance AS b ON b.id = e.account_id
WHERE b.code = 'provider_clearing'"""


class WorkerDiedError(BaseException):
    """What no handler may catch, as nothing catches the end of a process."""


@dataclass
class StormySender:
    """Sends through the vendor and loses what it says, by the dice of the storm."""

    dice: random.Random
    calls: Counter[str] = field(default_factory=Counter)
    workers_die: bool = True
    world: PaymentWorld = field(init=False)

    async def send(self, *, reference: str, amount: Money, account: BankAccount, narration: str) -> TransferSendResult:
        await asyncio.sleep(0)
        self.calls[reference] += 1
        roll = self.dice.random()
        dies = self.workers_die and self.dice.random() < DIED
        fault = _fault(roll)
        if fault is not None:
            self.world.provider.fail_next("send", fault)
        answer = await self.world.provider.provider.transfer_sender.send(
            reference=reference, amount=amount, account=account, narration=narration
        )
        if dies:
            raise WorkerDiedError
        return answer


@dataclass(frozen=True)
class Storm:
    """What came of a storm: how payouts ended, and every promise that was broken."""

    ended: Counter[str]
    transfers: int
    repeated: int
    waiting: int
    broken: Sequence[str]

    def __str__(self) -> str:
        ended = ", ".join(f"{count} {status}" for status, count in sorted(self.ended.items()))
        return (
            f"{self.ended.total()} payouts: {ended}; {self.transfers} transfers at the provider; "
            f"{self.repeated} calls repeated under their own reference, 0 under another unless listed; "
            f"{self.waiting} wait for two people; {len(self.broken)} promises broken"
        )


class PayoutStorm:
    def __init__(self, database: Database, *, payouts: int, seed: int = 1, sender: Any = StormySender) -> None:
        self._dice = random.Random(seed)  # noqa: S311 - a simulation repeats itself
        self._count = payouts
        self._sender = sender(self._dice)
        send_with: TransferSender = self._sender
        self._world = PaymentWorld(database, sender=send_with, rules=RULES)
        self._sender.world = self._world
        self._fates: dict[str, str] = {}
        self._news: list[tuple[datetime, str]] = []

    async def rage(self) -> Storm:
        """Request, send and follow every payout, and look at what is left after nine days."""
        world = self._world
        world.provider.balance["NGN"] = FUNDS
        users = [await world.add_user() for _ in range(-(-self._count // PER_USER))]
        await self._fund(users)
        payouts = await self._request(users)
        await _all([lambda payout=payout: self._submit(payout) for payout in payouts])
        self._sender.workers_die = False
        await self._follow(days=DAYS)
        return await self._judge()

    async def _fund(self, users: Sequence[Actor]) -> None:
        amount = PER_USER * (LARGEST + RULES.fee_minor)
        await _all([lambda user=user: self._world.receive(user, amount) for user in users])

    async def _request(self, users: Sequence[Actor]) -> list[Payout]:
        asked: list[Payout] = []

        async def ask_one_after_the_other(user: Actor, often: int) -> None:
            for _ in range(often):
                amount = self._dice.randrange(10_000, LARGEST)
                asked.append(await self._world.request_payout(user, amount, auto_below=LARGEST + 1))

        parts = [min(PER_USER, self._count - place * PER_USER) for place in range(len(users))]
        await _all(
            [lambda user=user, often=often: ask_one_after_the_other(user, often) for user, often in zip(users, parts)]  # noqa: B905 - one part for each user
        )
        return asked

    async def _submit(self, payout: Payout) -> None:
        again = 2 if self._dice.random() < TWICE else 1
        for _ in range(again):
            with suppress(WorkerDiedError):
                await self._world.submitter.submit(payout_id=payout.id)

    async def _follow(self, *, days: int) -> None:
        world = self._world
        start = world.clock.now()
        end = start + timedelta(days=days)
        while world.clock.now() < end:
            self._let_banks_work(may_reverse=world.clock.now() < start + LAST_REVERSAL)
            self._lose_answers()
            await self._bring_news()
            if await world.poller.poll_due(limit=AT_ONCE):
                continue
            await world.alarms.raise_due(limit=1_000)
            due = await world.database.value("SELECT min(next_poll_at) FROM transactions")
            step = min(due or end, world.clock.now() + timedelta(hours=6)) - world.clock.now()
            world.clock.advance(max(step, timedelta(seconds=1)))

    async def _bring_news(self) -> None:
        now = self._world.clock.now()
        due = [reference for at, reference in self._news if at <= now]
        self._news = [(at, reference) for at, reference in self._news if at > now]
        for reference in due:
            await self._world.webhook("transfer.reversed", reference)
        await self._world.processor.process_due()

    def _let_banks_work(self, *, may_reverse: bool) -> None:
        """End transfers by their fate, and send back some that had arrived."""
        provider = self._world.provider
        for reference in list(provider.transfers)[len(self._fates) :]:
            (fate,) = self._dice.choices(list(FATES), weights=list(FATES.values()))
            self._fates[reference] = fate
            if fate != "forgotten":
                provider.settle(reference, "failed" if fate == "failed" else "success")
        for reference, fate in self._fates.items() if may_reverse else ():
            if fate == "reversed" and provider.transfers[reference].status == "success" and self._dice.random() < 0.001:
                provider.settle(reference, "reversed")
                late = LATE_NEWS if self._dice.random() < 0.5 else timedelta()
                self._news.append((self._world.clock.now() + late, reference))

    def _lose_answers(self) -> None:
        faults = self._world.provider.faults["status"]
        faults.clear()
        if self._dice.random() < NO_ANSWER * AT_ONCE:
            faults.append(Fault.REQUEST_LOST)

    async def _judge(self) -> Storm:
        world, provider = self._world, self._world.provider
        rows = await world.database.rows(_STATES)
        waiting = {stuck.payout.id for stuck, _ in await world.resolutions.waiting(after=None, limit=100_000)}
        broken = [fault for row in rows for fault in self._faults_of(row, waiting)]
        known = {row["reference"] for row in rows}
        broken += [
            f"transfer {reference} belongs to no payout" for reference in provider.transfers if reference not in known
        ]
        broken += await self._faults_of_the_books(rows)
        return Storm(
            ended=Counter(row["status"] for row in rows),
            transfers=len(provider.transfers),
            repeated=sum(calls - 1 for calls in self._sender.calls.values()),
            waiting=len(waiting),
            broken=broken,
        )

    def _faults_of(self, row: Any, waiting: set[Any]) -> list[str]:
        transfer = self._world.provider.transfers.get(row["reference"] or "")
        has = transfer.status if transfer is not None else None
        faults = []
        if row["attempts"] > 1:
            faults.append(f"payout {row['id']} was sent under {row['attempts']} references")
        if transfer is not None and transfer.amount_minor != row["amount"]:
            faults.append(f"payout {row['id']} was paid with another amount")
        allowed: dict[str, set[str | None]] = {
            "succeeded": {"success"},
            "failed": {None, "failed", "reversed"},
            "returned": {"reversed"},
        }
        if row["status"] in allowed and has not in allowed[row["status"]]:
            faults.append(f"payout {row['id']} is {row['status']} and its transfer is {has}")
        if row["status"] not in allowed and row["id"] not in waiting:
            faults.append(f"payout {row['id']} is {row['status']} and nobody knows of it")
        return faults

    async def _faults_of_the_books(self, rows: Sequence[Any]) -> list[str]:
        """Compare what the provider owes us with our own books, less what is rightly not booked yet."""
        world = self._world
        await world.sums()
        gone = world.provider.balance["NGN"] - FUNDS
        for row in rows:
            transfer = world.provider.transfers.get(row["reference"] or "")
            if transfer is None:
                continue
            if row["status"] not in {"succeeded", "failed", "returned"}:
                gone += transfer.amount_minor + transfer.fee_minor
            if row["status"] == "returned":
                # The vendor gives its fee back with the money; that is booked when it is reconciled.
                gone -= transfer.fee_minor
        booked = await world.database.value(_CLEARING)
        return [] if gone == booked else [f"the provider owes {gone} and the books say {booked}"]


def _fault(roll: float) -> Fault | None:
    if roll < AFTER_ACTING:
        return Fault.ANSWER_LOST
    if roll < AFTER_ACTING + BEFORE_ACTING:
        return Fault.REQUEST_LOST
    return Fault.NOT_SENT if roll < AFTER_ACTING + BEFORE_ACTING + NEVER_LEFT else None


async def _all(calls: Sequence[Any]) -> None:
    """Run calls side by side, a few at once."""
    slots = asyncio.Semaphore(AT_ONCE)

    async def one(call: Any) -> None:
        async with slots:
            await call()

    await asyncio.gather(*(one(call) for call in calls))
