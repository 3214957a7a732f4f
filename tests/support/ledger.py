"""Journals for tests of the books: short ways to post, and to look at what was posted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID, uuid4

from kro.core.database.invariants import Invariants
from kro.core.database.pool import Database
from kro.core.decisions import Decision, Journal
from kro.core.decisions.encoding import encode
from kro.core.money import Money
from kro.kro_balance.domain import LEDGER_INVARIANTS, External, Posting, provider_fee, receipt

NOW = datetime(2026, 1, 15, tzinfo=UTC)


def posting(*, at: datetime = NOW) -> Posting:
    """Return a new journal's head."""
    return Posting(journal_id=uuid4(), occurred_at=at, actor="test")


def vendor(name: str = "paystack") -> External:
    """Return a reference that no other journal has."""
    return External(name, uuid4().hex)


def paid_in(user_id: UUID, amount: int, currency: str = "NGN") -> Journal:
    """Return a receipt of a payment that nothing else knows of."""
    return receipt(posting(), payment_id=uuid4(), user_id=user_id, amount=Money(amount, currency), external=vendor())


def fee_of(amount: int, currency: str = "NGN") -> Journal:
    """Return a journal between two shared accounts."""
    return provider_fee(posting(), source=("payment", uuid4()), amount=Money(amount, currency), external=vendor())


async def post(database: Database, *journals: Journal) -> None:
    """Write journals in one transaction."""
    await database.apply(encode(Decision(journals=journals)))


async def violations(database: Database, queries: Mapping[str, str] = LEDGER_INVARIANTS) -> dict[str, int]:
    """Return every invariant of the books that does not hold, with its count."""
    return {check.name: check.violations for check in await Invariants(database, queries).check() if not check.holds}
