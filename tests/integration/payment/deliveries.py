"""Signed events of one vendor in every order, often, at once, forged, replayed and altered, while workers die.

What is true of money changes at moments of its own, so that events come before it, after it and between. The thief has
the vendor's key: only the answer to a question tells his events from the vendor's. Everything follows from a seed.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

from tests.integration.payment.delivery_judge import Report, broken_promises, receipts, states
from tests.integration.payment.vendor_desks import BankDesk, CardDesk, Headers
from tests.integration.payment.world import PaymentWorld

from kro.core.actor import Actor
from kro.core.database.pool import Database
from kro.core.money import Money
from kro.payment.database.webhooks import WebhookRepository
from kro.payment.domain import Payment, PaymentMethod, start_payment
from kro.payment.providers import PaymentProvider, WebhookSignatureError
from kro.payment.providers.fake import FakePaystack
from vendors import vendor_but

AT_ONCE = 12
COPIES = 20
DIED = 0.1
SUM = 100_000
TRANSFER = 40_000
PER_PERSON = 8
HOURS = 27
"""Until patience with events about nothing has ended, and each payout was asked about a day after it was sent."""
_UNTRUE = {"paid": "paid", "sent": "failed", "failed": "sent", "returned": "sent"}

_NEXT = """
SELECT least((SELECT min(next_attempt_at) FROM payment_webhook_state WHERE state = 'received'),
             (SELECT min(next_poll_at) FROM transactions))"""
Truth = Callable[[], object]


@dataclass(frozen=True)
class Post:
    """One delivery; a forged one must be refused."""

    raw: bytes
    headers: Headers
    is_forged: bool = False


@dataclass
class Movement:
    """Money that moves at a vendor: what becomes true of it, one after the other, and which words tell of it."""

    reference: str
    amount: int
    words: Sequence[str]
    truths: Sequence[Truth] = ()


class MortalWebhooks(WebhookRepository):
    """Marks of events that are lost now and then, as when a worker dies after the effect: the event is taken again."""

    dice: random.Random

    async def finish(self, webhook_id: Any, **mark: Any) -> None:
        if self.dice.random() >= DIED:
            await super().finish(webhook_id, **mark)


@dataclass
class Deliveries:
    """``count`` signed deliveries and a tenth of that each forged, replayed and altered.

    ``provider`` stands in for the desk's own, to see that careless code is found out.
    """

    database: Database
    desk: CardDesk | BankDesk
    count: int
    seed: int = 1
    provider: PaymentProvider | None = None
    broken: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._dice = random.Random(self.seed)  # noqa: S311 - a simulation repeats itself
        vendor, second = self.provider or self.desk.provider, vendor_but(FakePaystack().provider, name="second")
        if isinstance(self.desk, BankDesk):
            clock: Any = self.desk.bank.clock
            self.world = PaymentWorld(self.database, clock=clock, others=(second, vendor))
        elif self.desk.name == "paystack":
            self.world = PaymentWorld(self.database, provider=self.desk.books, others=(second,))
            self.world.vendor.__dict__.update(vendor.__dict__)
            self.world._listen()
        else:
            self.world = PaymentWorld(self.database, others=(second, vendor))
        self.world.rules = replace(self.world.rules, provider=self.desk.name)
        mortal = MortalWebhooks(self.database)
        mortal.dice = random.Random(self.seed)  # noqa: S311 - as above
        self.world.processor._webhooks = mortal
        self._told: set[str] = set()
        self._posts: Counter[str] = Counter()
        self._refused = 0

    async def run(self) -> Report:
        """Deliver everything, let the worker come to rest, and look at what is there."""
        movements, elsewhere = await self._prepare()
        await self._play(self._stream(movements, elsewhere))
        await self._come_to_rest()
        self.broken += await broken_promises(self.database, self.desk, told=len(self._told))
        if self._refused != self._posts["forged"]:
            self.broken.append(f"{self._refused} deliveries were refused of {self._posts['forged']} forged ones")
        return Report(
            provider=self.desk.name,
            seed=self.seed,
            posts=self._posts,
            states=await states(self.database),
            receipts=await receipts(self.database),
            broken=self.broken,
        )

    # What moves

    async def _prepare(self) -> tuple[list[Movement], Payment]:
        # An event comes ten times on average, and each movement has two or three.
        number = max(8, self.count * 2 // (COPIES * 5))
        users = [await self.world.add_user() for _ in range(-(-number // PER_PERSON))]
        elsewhere = await self._start(users[0], "second", PaymentMethod.CHECKOUT)
        if isinstance(self.desk, BankDesk):
            made = [await self._inflows(self.desk, users[n % len(users)], n) for n in range(number * 4)]
            return [one for several in made for one in several], elsewhere
        moving = [await self._payment(self.desk, users[n % len(users)], n) for n in range(number)]
        for user in users:
            funds = await self._start(user, self.desk.name, PaymentMethod.CHECKOUT, amount=PER_PERSON * SUM)
            self.desk.books.pay(funds.reference)
            await self.world.collections.apply_provider_result(reference=funds.reference)
        # A user's limits on how often to ask are not what is tried here.
        moving += [await self._payout(self.desk, users[n % len(users)], n) for n in range(number)]
        return moving, elsewhere

    async def _start(self, user: Actor, provider: str, method: PaymentMethod, *, amount: int = SUM) -> Payment:
        world = self.world
        outcome = start_payment(
            user_id=user.id, order_id=None, amount=Money(amount, "NGN"), provider=provider, ids=world.ids,
            now=world.clock.now(), method=method, is_provider_named=True,
        )  # fmt: skip
        await world.carry_out(outcome)
        await world.starter.start(payment_id=outcome.value.id)
        return await world.payment(outcome.value)

    async def _payment(self, desk: CardDesk, user: Actor, n: int) -> Movement:
        reference = (await self._start(user, desk.name, PaymentMethod.CHECKOUT)).reference
        paid = self._dice.choice((SUM, SUM, SUM - 1, SUM + 1))
        truths: list[Truth] = [lambda: desk.books.decline(reference)] if n % 3 == 0 else []
        if n % 5:
            truths.append(lambda: desk.books.pay(reference, amount_minor=paid))
        return Movement(reference, paid, ("paid", "paid"), truths)

    async def _payout(self, desk: CardDesk, user: Actor, n: int) -> Movement:
        payout = await self.world.request_payout(user, TRANSFER, auto_below=TRANSFER + 1)
        known = set(desk.books.transfers)
        await self.world.submitter.submit(payout_id=payout.id)
        [reference] = set(desk.books.transfers) - known
        ends = (("success",), ("failed",), ("success", "reversed"))[n % 3]
        truths = [lambda end=end: desk.books.settle(reference, end) for end in ends]
        return Movement(reference, TRANSFER, ("sent", "failed", "returned"), truths)

    async def _inflows(self, desk: BankDesk, user: Actor, n: int) -> list[Movement]:
        """Have money arrive on an account: for its payment, once more on the same, or on an account nobody knows."""
        payment = await self._start(user, desk.name, PaymentMethod.BANK_TRANSFER)
        assert payment.pay_to is not None
        number, named = (payment.pay_to.account_number, payment.reference) if n % 7 else ("9900000000", "")
        made = []
        for _ in range(2 if n % 4 == 0 else 1):
            paid = self._dice.choice((SUM, SUM, SUM - 1, SUM + 1))
            settlement = desk.bank.arrive(number, paid, reference=named, fees_minor=4_500)
            true = {settlement: desk.bank.told.pop(settlement)}
            made.append(Movement(settlement, paid, ("paid",), [partial(desk.bank.told.update, true)] if n % 5 else ()))
        return made

    # What is told of it

    def _stream(self, movements: Sequence[Movement], elsewhere: Payment) -> list[Truth | Post]:
        timed: list[tuple[float, Truth | Post]] = []
        at = self._dice.random
        for movement in movements:
            moments = sorted(at() for _ in movement.truths)
            timed += zip(moments, movement.truths, strict=True)
        bodies = self._bodies_of(movements)
        plain = [body for body in bodies for _ in range(self._dice.randint(1, COPIES))]
        plain += self._dice.choices(bodies, k=max(0, self.count - len(plain)))
        timed += [(at(), self._post("signed", body)) for body in plain]
        tenth = self.count // 10
        timed += [(at(), self._altered(movements, elsewhere, n)) for n in range(tenth)]
        timed += [(at(), self._forged(self._dice.choice(bodies), n)) for n in range(tenth)]
        # Replays come when all of it is over and done with.
        timed += [(2 + at(), self._replayed(self._dice.choice(bodies))) for _ in range(tenth)]
        return [what for _, what in sorted(timed, key=lambda one: one[0])]

    def _bodies_of(self, movements: Sequence[Movement]) -> list[bytes]:
        tell = self.desk.tell
        return [
            tell(word, one.reference, amount=one.amount, note=str(n))
            for one in movements
            for n, word in enumerate(one.words)
        ]

    def _post(self, kind: str, raw: bytes, headers: Headers | None = None) -> Post:
        self._posts[kind] += 1
        return Post(raw, headers or self.desk.sign(raw), is_forged=kind == "forged")

    def _altered(self, movements: Sequence[Movement], elsewhere: Payment, n: int) -> Post:
        """Sign what a thief would say: another sum, currency or end, or the reference of a payment that is not his."""
        one, word = self._dice.choice(movements), self._dice.choice(("paid", "sent", "failed", "returned"))
        if isinstance(self.desk, BankDesk):
            word = "paid"
        strange = str(UUID(int=self._dice.getrandbits(128)))
        raw = (
            lambda: self.desk.tell(_UNTRUE[word], one.reference, amount=one.amount * 100, note=f"a{n}"),
            lambda: self.desk.tell(word, one.reference, amount=one.amount, currency="USD", note=f"c{n}"),
            lambda: self.desk.tell("paid", elsewhere.reference, amount=SUM, note=f"e{n}"),
            lambda: self.desk.tell("paid", strange, amount=SUM, note=f"s{n}"),
        )[n % 4]()
        return self._post("altered", raw)

    def _forged(self, body: bytes, n: int) -> Post:
        headers = self.desk.sign(body)
        if n % 2 and isinstance(self.desk, CardDesk):
            return self._post("forged", body.replace(b'"NGN"', b'"USD"'), headers)
        name = list(headers)[-1]
        turned = headers[name][:-1] + ("0" if headers[name][-1] != "0" else "1")
        return self._post("forged", body, headers | {name: turned})

    def _replayed(self, body: bytes) -> Post:
        return self._post("replayed", self.desk.again(body), self.desk.sign(body))

    # How it is taken

    async def _play(self, stream: Sequence[Truth | Post]) -> None:
        world = self.world
        for first in range(0, len(stream), AT_ONCE):
            part = stream[first : first + AT_ONCE]
            for what in part:
                if not isinstance(what, Post):
                    what()
            posts = [self._deliver(what) for what in part if isinstance(what, Post)]
            await asyncio.gather(*posts, world.processor.process_due(), world.processor.process_due(limit=5))
            world.clock.advance(timedelta(seconds=1))

    async def _deliver(self, post: Post) -> None:
        try:
            await self.world.intake.receive(provider=self.desk.name, raw=post.raw, headers=post.headers)
        except WebhookSignatureError:
            self._refused += 1
            return
        if post.is_forged:
            self.broken.append("a forged event was taken")
            return
        event = self.desk.provider.webhooks.verify(raw=post.raw, headers=post.headers)
        self._told.add(event.dedupe_key)

    async def _come_to_rest(self) -> None:
        world = self.world
        end = world.clock.now() + timedelta(hours=HOURS)
        while world.clock.now() < end:
            taken = await asyncio.gather(
                world.processor.process_due(limit=50), world.processor.process_due(limit=50), world.poller.poll_due()
            )
            if not any(taken):
                due = await world.database.value(_NEXT)
                world.clock.advance(max(min(due or end, end) - world.clock.now(), timedelta(seconds=1)))
