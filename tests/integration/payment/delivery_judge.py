"""What must be true once every event of a vendor was looked into, whatever was told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from tests.integration.payment.vendor_desks import BankDesk, CardDesk

from kro.core.database.pool import Database
from kro.kro_balance.domain import LEDGER_INVARIANTS
from kro.payment.domain import PAYMENT_INVARIANTS

TRANSFER_FEE = 1_000

_RECEIPTS = """
SELECT j.external_ref, e.amount FROM ledger_journals AS j
JOIN ledger_entries AS e ON e.journal_id = j.id AND e.amount > 0
WHERE j.kind IN ('receipt', 'unmatched_receipt')"""
_CLEARING = """
SELECT coalesce(sum(e.amount), 0)::bigint FROM ledger_entries AS e JOIN kro_balance AS b ON b.id = e.account_id
WHERE b.code = 'provider_clearing' AND b.qualifier = $1"""
_PAYOUTS = """
SELECT a.reference, t.status FROM transactions AS t JOIN payout_attempts AS a ON a.payout_id = t.id"""
_STATES = "SELECT state, count(*) AS n FROM payment_webhook_state GROUP BY state"
_WAITING = "SELECT count(*) FROM payment_webhook_state WHERE state = 'received'"
_IN_ERROR = "SELECT count(*) FROM payment_webhook_state WHERE last_error = 'error' AND state = 'parked'"
_ENDS = {"success": {"succeeded"}, "failed": {"failed"}, "reversed": {"failed", "returned"}}


@dataclass(frozen=True)
class Report:
    """How much was delivered, what the events came to, and every promise that was broken."""

    provider: str
    seed: int
    posts: Counter[str]
    states: Counter[str]
    receipts: int
    broken: Sequence[str]

    def __str__(self) -> str:
        posts = ", ".join(f"{count} {kind}" for kind, count in self.posts.items())
        ends = ", ".join(f"{count} {state}" for state, count in sorted(self.states.items()))
        return (
            f"{self.provider}, seed {self.seed}: {posts}; {self.states.total()} events kept ({ends}); "
            f"{self.receipts} receipts; {len(self.broken)} promises broken"
        )


async def states(database: Database) -> Counter[str]:
    return Counter({row["state"]: row["n"] for row in await database.rows(_STATES)})


async def receipts(database: Database) -> int:
    return len(await database.rows(_RECEIPTS))


async def broken_promises(database: Database, desk: CardDesk | BankDesk, *, told: int) -> list[str]:
    """Compare the books with the vendor's own; ``told`` is how many different authentic events were delivered."""
    broken = _of_receipts([tuple(row) for row in await database.rows(_RECEIPTS)], desk.received())
    kept = (await states(database)).total()
    if kept != told:
        broken.append(f"{kept} events were kept of {told} authentic ones")
    for name, query in {**LEDGER_INVARIANTS, **PAYMENT_INVARIANTS}.items():
        if await database.value(query):
            broken.append(f"the invariant {name} does not hold")
    if await database.value(_WAITING):
        broken.append("events still wait")
    if await database.value(_IN_ERROR):
        broken.append("events ended in errors")
    payouts = [tuple(row) for row in await database.rows(_PAYOUTS)]
    if isinstance(desk, CardDesk):
        broken += _of_payouts(payouts, desk)
    # The vendor gives its fee back with money that was sent; that is booked when it is reconciled.
    held = desk.held() - TRANSFER_FEE * sum(status == "returned" for _, status in payouts)
    booked = await database.value(_CLEARING, desk.name)
    return broken if held == booked else [*broken, f"the vendor holds {held} and the books say {booked}"]


def _of_receipts(rows: Sequence[tuple[str, int]], received: dict[str, int]) -> list[str]:
    told, credited = Counter(reference for reference, _ in rows), dict(rows)
    return [
        *(f"{one} was credited {times} times" for one, times in told.items() if times > 1),
        *(f"{one} was credited and never paid" for one in credited.keys() - received.keys()),
        *(f"{one} was paid and never credited" for one in received.keys() - credited.keys()),
        *(f"{one} was credited with another sum" for one in received if credited.get(one, 0) != received[one]),
    ]


def _of_payouts(payouts: Sequence[tuple[str, str]], desk: CardDesk) -> list[str]:
    has = {reference: desk.books.transfers[reference].status for reference, _ in payouts}
    return [
        f"a payout is {status} and its transfer is {has[reference]}"
        for reference, status in payouts
        if status not in _ENDS[has[reference]]
    ]
