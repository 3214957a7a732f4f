"""What every rule of the machine needs: commands tried twice, refusals that change nothing, the check after each."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, ClassVar, TypeVar
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant
from tests.integration.payment.world import once_of
from tests.property.books import NGN, Account, Books, available, escrow
from tests.property.stage import Stage

from kro.core.actor import Actor
from kro.core.decisions import Journal, Once, Reply, Update
from kro.core.errors import KroError
from kro.core.money import Money
from kro.kro_balance.domain import External

T = TypeVar("T")

Render = Callable[[Any], Reply]
Call = Callable[[Once, Render], Awaitable[Reply]]


@dataclass
class Paid:
    """A payment that succeeded. ``returned`` is what refunds to its source take of it."""

    id: UUID
    payer: int
    received: int
    deal: Deal | None
    returned: int = 0


@dataclass
class Deal:
    """An order, as the machine knows it. ``shared`` says that a part of it was released."""

    id: UUID
    buyer: int
    seller: int
    amount: int
    fee: int
    vat: int
    due: int
    status: str = "accepted"
    funded: int = 0
    released: int = 0
    refunded: int = 0
    asked: int = 0
    shared: bool = False
    fee_returned: bool = False
    deliver_by: datetime | None = None
    payments: list[Paid] = field(default_factory=list)

    @property
    def held(self) -> int:
        return self.funded - self.released - self.refunded

    @property
    def is_open(self) -> bool:
        return self.status in {"in_progress", "completed"}

    @property
    def returned(self) -> int:
        return sum(payment.returned for payment in self.payments)


@dataclass
class Sent:
    """A payout. ``costs`` is what it took beside the amount: fee with its VAT, and duty."""

    id: UUID
    owner: int
    amount: int
    duty: int
    status: str = "awaiting"


@dataclass
class Back:
    """A refund: of a payment out of the payer's balance, or asked for by an admin out of an order's escrow."""

    id: UUID
    owner: int
    amount: int
    payment: Paid | None
    deal: Deal | None
    status: str
    failures: int = 0


@dataclass
class Item:
    """Money that matches nobody."""

    reference: str
    amount: int
    currency: str


@dataclass
class Contest:
    """A payment taken back by the payer's bank, and who bore it."""

    id: UUID
    user: int
    deal: Deal | None
    from_escrow: int
    from_user: int


class _Everything:
    """Hypothesis leaves most rules out of each life; here long chains of different events matter more."""

    def is_enabled(self, name: str) -> bool:
        return bool(name)


class Play(RuleBasedStateMachine):
    stage: ClassVar[Stage]
    few_rules: ClassVar[bool] = False
    """Keep to Hypothesis's own way: few kinds of events, each more often."""
    thorough: ClassVar[bool] = True
    """Ask every invariant after every step, and not only at the end."""

    def __init__(self) -> None:
        super().__init__()
        if not self.few_rules:
            self._rules_strategy.enabled_rules_strategy = st.builds(_Everything)  # type: ignore[arg-type] # all it is asked is is_enabled
        self.world = self.stage.play()
        self.books = Books()
        self.memories: list[tuple[UUID, datetime, int]] = []
        self.numbers = 0
        self.payments: list[Paid] = []
        self.deals: list[Deal] = []
        self.payouts: list[Sent] = []
        self.refunds: list[Back] = []
        self.items: list[Item] = []
        self.contests: list[Contest] = []
        self.correctable: list[tuple[UUID, dict[Account, int]]] = []

    # People

    def user(self, place: int) -> Actor:
        return self.stage.users[place]

    def has(self, place: int) -> int:
        """Return what a user may spend."""
        return self.books[available(self.user(place).id)]

    def holds(self, deal: Deal) -> int:
        return self.books[escrow(deal.id)]

    def external(self) -> External:
        """Return a reference of the vendor's that nothing else has."""
        self.numbers += 1
        return External("paystack", f"ext_{self.numbers}")

    def pass_time(self, **time: float) -> None:
        self.world.clock.advance(timedelta(**time))

    def new_code(self, place: int) -> str:
        """Read an admin's authenticator when it shows something new."""
        self.pass_time(seconds=30)
        return self.world.code(self.stage.admins[place])

    # Commands

    def choose(self, items: Sequence[T], pick: int, *, rather: Callable[[T], bool]) -> T:
        """Return one of some things: mostly one that fits, sometimes any, so that refusals are met as well."""
        fitting = [item for item in items if rather(item)] if pick % 4 else []
        chosen = fitting or items
        return chosen[-1 - pick // 4 % len(chosen)]

    def run(self, call: Coroutine[Any, Any, Any]) -> Any:
        return self.stage.run(call)

    def command(self, actor: Actor, call: Call, *, refused: str | None = None) -> Any:
        """Give a command twice under one key. Return what it showed; it must be refused if a code is named."""
        once = once_of(actor, str(self.world.ids.new()))
        shown: list[Any] = []

        def render(value: Any) -> Reply:
            shown.append(value)
            return Reply(status=200, body=b"{}")

        first = self._outcome(call(once, render))
        second = self._outcome(call(once, render))
        if refused is None:
            assert isinstance(first, Reply), f"refused: {first}"
            assert not first.replayed
            assert isinstance(second, Reply)
            assert (second.status, second.replayed) == (200, True)
            return shown[0]
        assert first == refused
        assert second == refused or (isinstance(second, Reply) and second.replayed and second.status >= 400)
        return None

    def twice(self, call: Callable[[], Coroutine[Any, Any, Any]]) -> None:
        """Do what has no key twice: a worker's step, a provider's answer."""
        self.run(call())
        self.run(call())

    def post(
        self, journal: Journal, *writes: Update, changes: dict[Account, int], refused: str | None = None
    ) -> Journal | None:
        """Post a journal, and again under another id. Return it unless it had to be refused."""
        seen = self.stage.refusal(self.stage.post(journal, *writes))
        assert seen == refused, f"{journal.kind}: {seen} instead of {refused}"
        again = self.stage.refusal(self.stage.post(replace(journal, id=self.world.ids.new())))
        assert again == (refused or "taken"), f"{journal.kind} again: {again}"
        if refused is None:
            self.books.book(changes)
            return journal
        return None

    def _outcome(self, call: Awaitable[Reply]) -> Reply | str:
        async def run() -> Reply | str:
            try:
                return await call
            except KroError as error:
                return error.code

        return self.stage.run(run())

    # What must be true after every step

    @invariant()
    def the_ledger_holds_what_the_books_say(self) -> None:
        held, journals, memory = self.stage.books()
        assert held == self.books.held
        assert journals == self.books.journals
        self.memories.extend(memory[: 3 + self.numbers % 5])
        if self.thorough:
            assert self.stage.violations() == {}

    def teardown(self) -> None:
        self.stage.note_what_happened()
        assert self.stage.violations() == {}
        assert self.stage.forgotten(self.memories) == 0
        for place, user in enumerate(self.stage.users):
            assert self.stage.statement_closing(user) == self.has(place)


def naira(amount: int, currency: str = NGN) -> Money:
    return Money(amount, currency)
