"""What every journal has in common: who posts, two sides, and the refusal of anything that does not balance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from kro.core.decisions import Account, Entry, Journal

Source = tuple[str, UUID]
"""What caused a journal: a type ("order", "payment", "payout", "refund" ...) and its id."""

Movement = tuple[Account, int]


@dataclass(frozen=True, slots=True)
class Posting:
    """Who posts and when: what every journal carries beside its movement."""

    journal_id: UUID
    occurred_at: datetime
    actor: str
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class External:
    """The provider's side of a movement: its name and the reference it knows the movement by."""

    provider: str
    reference: str


def journal(
    posting: Posting,
    kind: str,
    source: Source,
    *,
    debits: Sequence[Movement],
    credits: Sequence[Movement],  # noqa: A002 - the field's own word for the right-hand side
    external: External | None = None,
    reverses: UUID | None = None,
) -> Journal:
    """Return a journal from its two sides, in minor units; parts of zero leave no entry.

    :raises AssertionError: on a negative part, on no movement, or when the sides differ in any currency. A caller that
        gets here has computed wrongly, and nothing may be written.
    """
    if any(amount < 0 for _, amount in (*debits, *credits)):
        raise AssertionError(f"a {kind} journal has a negative part")
    entries = [Entry(account, amount) for account, amount in debits if amount]
    entries += [Entry(account, -amount) for account, amount in credits if amount]
    if not entries or any(_totals(entries).values()):
        raise AssertionError(f"a {kind} journal does not balance")
    return Journal(
        id=posting.journal_id,
        kind=kind,
        source_type=source[0],
        source_id=source[1],
        occurred_at=posting.occurred_at,
        actor=posting.actor,
        request_id=posting.request_id,
        entries=tuple(entries),
        provider=external.provider if external else None,
        external_ref=external.reference if external else None,
        reverses_journal_id=reverses,
    )


def _totals(entries: Sequence[Entry]) -> dict[str, int]:
    totals: dict[str, int] = {}
    for entry in entries:
        currency = entry.account.currency
        totals[currency] = totals.get(currency, 0) + entry.amount
    return totals
