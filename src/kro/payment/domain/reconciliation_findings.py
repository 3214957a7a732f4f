"""What a comparison of statements and ledger comes to, and when a statement says something by its silence."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from kro.payment.database.reconciliation_records import (
    Booked,
    BreakKind,
    Coverage,
    Finding,
    Line,
    LineKind,
    Match,
    Settled,
    Side,
)


@dataclass(frozen=True, slots=True)
class ReconciliationTerms:
    """``grace`` is how long one side may be behind the other; ``settlement_window`` how long a bank transfer takes."""

    grace: timedelta
    settlement_window: timedelta


@dataclass(slots=True)
class Reconciled:
    """What a run found. Settlements that arrived still have to be booked."""

    matches: list[Match] = field(default_factory=list)
    settled: list[Settled] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


Spans = Sequence[tuple[datetime, datetime]]


def spans_of(coverage: Sequence[Coverage], side: Side) -> Mapping[tuple[str, LineKind], Spans]:
    """Return, for each account and kind of line, the spans of time its statements are complete for."""
    periods: dict[tuple[str, LineKind], list[tuple[datetime, datetime]]] = defaultdict(list)
    for period in coverage:
        if period.side is side:
            for kind in period.kinds:
                periods[period.account, kind].append((period.start, period.end))
    return {key: joined(found) for key, found in periods.items()}


def joined(periods: Sequence[tuple[datetime, datetime]]) -> Spans:
    """Return periods with those that touch or overlap made one."""
    spans: list[tuple[datetime, datetime]] = []
    for start, end in sorted(periods):
        if spans and start <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(spans[-1][1], end))
        else:
            spans.append((start, end))
    return spans


def is_covered(spans: Spans, *, start: datetime, end: datetime) -> bool:
    """Say whether one span holds the whole time asked about."""
    return any(begin <= start and end <= finish for begin, finish in spans)


def of_line(
    line: Line,
    kind: BreakKind,
    *,
    in_ledger: int | None = None,
    outside: int | None = None,
    journal_id: UUID | None = None,
) -> Finding:
    return Finding(
        kind=kind,
        side=line.side,
        account=line.account,
        reference=line.reference,
        currency=line.currency,
        occurred_at=line.occurred_at,
        in_ledger=in_ledger,
        outside=outside,
        line_id=line.id,
        journal_id=journal_id,
    )


def about_journal(booked: Booked, kind: BreakKind) -> Finding:
    return Finding(
        kind=kind,
        side=Side.PROVIDER,
        account=booked.provider,
        reference=booked.reference,
        currency=booked.currency,
        occurred_at=booked.occurred_at,
        in_ledger=booked.amount,
        journal_id=booked.journal_id,
    )
