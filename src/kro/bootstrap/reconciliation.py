"""Comparing the books with what providers and banks say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from kro.bootstrap.foundation import Foundation
from kro.bootstrap.providers import Providers
from kro.core.database.invariants import Invariants
from kro.core.scheduler import Step
from kro.kro_balance.domain import LEDGER_INVARIANTS
from kro.order.domain import ORDER_INVARIANTS
from kro.payment.database.invariants import PAYMENT_INVARIANTS
from kro.payment.database.reconciliation import ComparisonStore, StatementStore
from kro.payment.database.reconciliation_queue import BreakRepository, ImportRepository, RunRepository
from kro.payment.database.safeguarding import SafeguardingReads
from kro.payment.domain.reconciliation_breaks import ReconciliationBreaks
from kro.payment.domain.reconciliation_findings import ReconciliationTerms
from kro.payment.domain.reconciliation_history import ProviderHistory
from kro.payment.domain.reconciliation_imports import StatementAccounts, StatementImports
from kro.payment.domain.reconciliation_runs import Comparison, ReconciliationRuns, RunRules
from kro.payment.providers import Capability
from kro.refund.domain import REFUND_INVARIANTS

INVARIANTS: Final[Mapping[str, str]] = {
    **LEDGER_INVARIANTS,
    **ORDER_INVARIANTS,
    **PAYMENT_INVARIANTS,
    **REFUND_INVARIANTS,
}
"""Everything that must hold, asked by tests, the night's run, `kro reconcile` and the admin page alike."""

_JOB_STATEMENT_SECONDS: Final = 900


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """Statements in, breaks out, and the questions that must always be answered with nothing."""

    imports: StatementImports
    runs: ReconciliationRuns
    breaks: ReconciliationBreaks
    invariants: Invariants
    book_invariants: Invariants
    """The same ones, with the time that jobs have."""
    safeguarding: SafeguardingReads


def statement_accounts(base: Foundation, providers: Providers) -> StatementAccounts:
    """Return where our money may lie: the configured providers, and our own accounts at banks."""
    return StatementAccounts(
        providers=frozenset(vendor.name for vendor in providers.payments),
        banks={account.name: account.currency for account in base.settings.reconciliation.bank_accounts},
    )


def build_reconciliation(base: Foundation, providers: Providers) -> Reconciliation:
    """Join what compares the ledger with the world outside."""
    settings, database, vendors = base.settings.reconciliation, base.database, providers.payments
    shared: dict[str, Any] = {"runner": base.runner, "clock": base.clock, "ids": base.ids}
    runs, breaks, known = RunRepository(database), BreakRepository(database), ImportRepository(database)
    safeguarding = SafeguardingReads(database)
    imports = StatementImports(
        lines=StatementStore(database),
        imports=known,
        requests=runs,
        accounts=statement_accounts(base, providers),
        **shared,
    )
    histories = tuple(
        ProviderHistory(
            provider=vendor.name,
            reader=vendor.history,
            statements=imports,
            imports=known,
            reread=timedelta(days=settings.reread_days),
        )
        for vendor in vendors.offering(Capability.HISTORY)
    )
    patient = Invariants(database, INVARIANTS, statement_seconds=_JOB_STATEMENT_SECONDS)
    return Reconciliation(
        imports=imports,
        runs=ReconciliationRuns(
            comparison=Comparison(
                store=ComparisonStore(database), breaks=breaks, runs=runs, safeguarding=safeguarding.totals
            ),
            invariants=patient,
            histories=histories if settings.ask_providers else (),
            rules=run_rules(base),
            **shared,
        ),
        breaks=ReconciliationBreaks(breaks=breaks, **shared),
        invariants=Invariants(database, INVARIANTS),
        book_invariants=patient,
        safeguarding=safeguarding,
    )


def reconciliation_steps(reconciliation: Reconciliation) -> Sequence[Step]:
    """Return what the worker repeats; the night's run is put before it once a day, whichever worker looks first."""
    return (
        Step("reconciliation.nightly", 600.0, reconciliation.runs.request_nightly, alone=True),
        Step("reconciliation.runs", 5.0, reconciliation.runs.work),
    )


def run_rules(base: Foundation) -> RunRules:
    settings = base.settings.reconciliation
    return RunRules(
        terms=ReconciliationTerms(
            grace=timedelta(hours=settings.grace_hours),
            settlement_window=timedelta(days=settings.settlement_days),
        ),
        window=timedelta(days=settings.window_days),
        overdue_after=timedelta(days=settings.overdue_days),
        nightly_hour=settings.nightly_hour,
        safeguarding_min_bps=settings.safeguarding_min_bps,
    )
