"""What admins see of reconciliation."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Self

from pydantic import Field

from kro.core.http import MoneyOut, Output
from kro.core.ids import show_id
from kro.core.money import Money
from kro.payment.domain import (
    Break,
    BreakKind,
    BreakResolution,
    BreakStatus,
    Import,
    LineKind,
    Run,
    RunOrigin,
    RunStatus,
    Safeguarding,
    Side,
)


class ImportRead(Output):
    """A statement that was handed in, or that a provider answered with."""

    id: str = Field(examples=["imp_01kajz7k3nf9b8r2m4q6s8t0vw"])
    side: Side
    account: str = Field(examples=["paystack"])
    origin: str = Field(examples=["file"])
    kinds: list[LineKind] = Field(description="What the statement is complete for.")
    period_from: datetime
    period_to: datetime = Field(description="The first moment that is not in the period.")
    state: str = Field(description="`loading` that does not end was cut short: hand the file in again.")
    lines: int
    new_lines: int = Field(description="Lines that no earlier statement has told.")
    imported_by: str
    created_at: datetime
    loaded_at: datetime | None

    @classmethod
    def of(cls, taken: Import) -> Self:
        return cls(
            id=show_id("imp", taken.id),
            side=taken.side,
            account=taken.account,
            origin=taken.origin,
            kinds=list(taken.kinds),
            period_from=taken.start,
            period_to=taken.end,
            state=taken.state,
            lines=taken.lines,
            new_lines=taken.new_lines,
            imported_by=taken.imported_by,
            created_at=taken.created_at,
            loaded_at=taken.loaded_at,
        )


class RunRead(Output):
    """One comparison of the ledger with every statement."""

    id: str = Field(examples=["run_01kajz7k3nf9b8r2m4q6s8t0vw"])
    origin: RunOrigin
    slot: date | None = Field(description="The day in Lagos a nightly run is for.")
    status: RunStatus
    requested_by: str
    matched: int
    opened: int
    closed: int
    report: dict[str, Any] = Field(
        description="Open and overdue breaks, violated invariants, safeguarding, providers that were not reached; "
        "`cause` for a run that failed."
    )
    created_at: datetime
    finished_at: datetime | None

    @classmethod
    def of(cls, run: Run) -> Self:
        return cls(
            id=show_id("run", run.id),
            origin=run.origin,
            slot=run.slot,
            status=run.status,
            requested_by=run.requested_by,
            matched=run.matched,
            opened=run.opened,
            closed=run.closed,
            report=dict(run.report),
            created_at=run.created_at,
            finished_at=run.finished_at,
        )


class BreakRead(Output):
    """Something that does not agree. Amounts have the sign of money coming in to us."""

    id: str = Field(examples=["brk_01kajz7k3nf9b8r2m4q6s8t0vw"])
    kind: BreakKind
    side: Side
    account: str = Field(examples=["paystack"])
    reference: str
    in_ledger: MoneyOut | None
    outside: MoneyOut | None
    journal_id: str | None = Field(examples=["jrn_01kajz7k3nf9b8r2m4q6s8t0vw"])
    occurred_at: datetime
    status: BreakStatus
    assigned_to: str | None = Field(examples=["adm_01kajz7k3nf9b8r2m4q6s8t0vw"])
    resolution: BreakResolution | None
    note: str | None
    resolved_by: str | None = Field(examples=["adm_01kajz7k3nf9b8r2m4q6s8t0vw"])
    opened_at: datetime
    updated_at: datetime
    ended_at: datetime | None

    @classmethod
    def of(cls, found: Break) -> Self:
        finding = found.finding

        def money(amount: int | None) -> MoneyOut | None:
            return MoneyOut(amount=amount, currency=finding.currency) if amount is not None else None

        return cls(
            id=show_id("brk", found.id),
            kind=finding.kind,
            side=finding.side,
            account=finding.account,
            reference=finding.reference,
            in_ledger=money(finding.in_ledger),
            outside=money(finding.outside),
            journal_id=show_id("jrn", finding.journal_id) if finding.journal_id is not None else None,
            occurred_at=finding.occurred_at,
            status=found.status,
            assigned_to=show_id("adm", found.assigned_to) if found.assigned_to is not None else None,
            resolution=found.resolution,
            note=found.note,
            resolved_by=show_id("adm", found.resolved_by) if found.resolved_by is not None else None,
            opened_at=found.opened_at,
            updated_at=found.updated_at,
            ended_at=found.ended_at,
        )


class CoverRead(Output):
    """What customers are owed in one currency, and what covers it."""

    currency: str = Field(examples=["NGN"])
    owed: MoneyOut
    at_providers: MoneyOut
    at_banks: MoneyOut
    opening: MoneyOut = Field(description="What an import opened the books with and nobody has transferred yet.")
    covered: MoneyOut
    ratio_bps: int | None = Field(description="Covered part in basis points, rounded down; null when nothing is owed.")

    @classmethod
    def of(cls, one: Safeguarding) -> Self:
        def money(amount: int) -> MoneyOut:
            return MoneyOut.of(Money(amount, one.currency))

        return cls(
            currency=one.currency,
            owed=money(one.owed),
            at_providers=money(one.at_providers),
            at_banks=money(one.at_banks),
            opening=money(one.opening),
            covered=money(one.covered),
            ratio_bps=one.ratio_bps,
        )


class SafeguardingRead(Output):
    data: list[CoverRead]
