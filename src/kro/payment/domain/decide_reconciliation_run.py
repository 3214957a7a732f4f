"""A run from its request to its report; only one is under way, and one whose worker died is taken over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Final

from kro.core.alerts import alert
from kro.core.decisions import Audit, Decision, Insert, Message, Outcome, Update
from kro.core.money import Money
from kro.kro_balance.domain import External, provider_settled
from kro.payment.database.reconciliation_records import (
    Finding,
    Run,
    RunOrigin,
    RunStatus,
    Safeguarding,
    Settled,
    Side,
)
from kro.payment.domain.context import Context

RUN_LEASE: Final = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Tally:
    """What a run has done, and what it found that people have to know."""

    matched: int
    closed: int
    opened: Sequence[Finding]
    open_breaks: int
    overdue_breaks: int
    violations: Mapping[str, int]
    safeguarding: Sequence[Safeguarding]
    not_imported: Sequence[str]
    """Providers that could not be asked for their transactions."""


def decide_request(*, origin: RunOrigin, slot: date | None, context: Context) -> Outcome[Run]:
    """Put a run before the worker. ``slot`` is the day of a nightly run: the second of one day is refused."""
    run = Run(
        id=context.new_id(),
        origin=origin,
        slot=slot,
        status=RunStatus.REQUESTED,
        requested_by=context.actor.label,
        lease_until=None,
        matched=0,
        opened=0,
        closed=0,
        report={},
        created_at=context.now,
        finished_at=None,
        version=1,
    )
    row = {name: getattr(run, name) for name in Run.__slots__}
    audit = Audit(
        id=context.new_id(),
        actor=context.actor,
        action="reconciliation.run",
        target_type="reconciliation_run",
        target_id=run.id,
        detail={"origin": origin},
    )
    return Outcome(Decision(writes=(Insert("reconciliation_runs", (row,)),), audits=(audit,)), run)


def decide_claim(wanted: Run, under_way: Run | None, *, context: Context) -> Outcome[Run | None]:
    """Take a run for oneself; ``None`` while another one is under way, or when this one has ended."""
    if wanted.status not in {RunStatus.REQUESTED, RunStatus.RUNNING} or _is_held(wanted, context):
        return Outcome(Decision(), None)
    given_up: tuple[Update, ...] = ()
    if under_way is not None:
        if _is_held(under_way, context):
            return Outcome(Decision(), None)
        ended = {"status": RunStatus.FAILED, "lease_until": None, "finished_at": context.now}
        given_up = (Update("reconciliation_runs", under_way.id, under_way.version, ended),)
    lease_until = context.now + RUN_LEASE
    taken = Update(
        "reconciliation_runs", wanted.id, wanted.version, {"status": RunStatus.RUNNING, "lease_until": lease_until}
    )
    claimed = replace(wanted, status=RunStatus.RUNNING, lease_until=lease_until, version=wanted.version + 1)
    return Outcome(Decision(writes=(*given_up, taken)), claimed)


def decide_finish(run: Run, tally: Tally, *, safeguarding_min_bps: int, context: Context) -> Outcome[Run]:
    """Keep what a run came to, and tell the operators in the same write what needs a person."""
    done = replace(
        run,
        status=RunStatus.DONE,
        lease_until=None,
        matched=tally.matched,
        opened=len(tally.opened),
        closed=tally.closed,
        report=_report(tally),
        finished_at=context.now,
        version=run.version + 1,
    )
    names = ("status", "lease_until", "matched", "opened", "closed", "report", "finished_at")
    changes = {name: getattr(done, name) for name in names}
    decision = Decision(
        writes=(Update("reconciliation_runs", run.id, run.version, changes),),
        messages=tuple(_alarms(tally, safeguarding_min_bps, context)),
    )
    return Outcome(decision, done)


def decide_failure(run: Run, cause: str, *, context: Context) -> Outcome[None]:
    """End a run that could not be carried out; the next one begins anew."""
    changes = {
        "status": RunStatus.FAILED,
        "lease_until": None,
        "report": {"cause": cause},
        "finished_at": context.now,
    }
    told = alert(
        id=context.new_id(),
        kind="reconciliation_failed",
        subject="A reconciliation run failed",
        detail=f"The run ended with {cause}. The books were not compared; start another run.",
    )
    writes = (Update("reconciliation_runs", run.id, run.version, changes),)
    return Outcome(Decision(writes=writes, messages=(told,)), None)


def decide_settlement(settled: Settled, *, run: Run, free: bool, context: Context) -> Outcome[bool]:
    """Book a provider's settlement that has arrived at the bank, with both its lines; ``False`` if it is booked."""
    if not free:
        return Outcome(Decision(), False)
    line, bank_line = settled.line, settled.bank_line
    journal = provider_settled(
        context.posting(occurred_at=bank_line.occurred_at),
        settlement_id=line.id,
        bank_account=bank_line.account,
        net=Money(bank_line.amount, bank_line.currency),
        fees=line.fee or 0,
        external=External(line.account, line.reference),
    )
    pairs = ((line.id, Side.PROVIDER), (bank_line.id, Side.BANK))
    rows = tuple(
        {
            "line_id": line_id,
            "journal_id": journal.id,
            "source": side,
            "run_id": run.id,
            "created_at": context.now,
        }
        for line_id, side in pairs
    )
    return Outcome(Decision(writes=(Insert("reconciliation_matches", rows),), journals=(journal,)), True)


def _is_held(run: Run, context: Context) -> bool:
    return run.status is RunStatus.RUNNING and run.lease_until is not None and run.lease_until > context.now


def _report(tally: Tally) -> dict[str, Any]:
    return {
        "open_breaks": tally.open_breaks,
        "overdue_breaks": tally.overdue_breaks,
        "violations": dict(tally.violations),
        "not_imported": list(tally.not_imported),
        "safeguarding": [
            {
                "currency": one.currency,
                "owed": one.owed,
                "at_providers": one.at_providers,
                "at_banks": one.at_banks,
                "opening": one.opening,
                "ratio_bps": one.ratio_bps,
            }
            for one in tally.safeguarding
        ],
    }


def _alarms(tally: Tally, safeguarding_min_bps: int, context: Context) -> list[Message]:
    told: list[tuple[str, str, str]] = []
    broken = {name: count for name, count in tally.violations.items() if count}
    if broken:
        listed = ", ".join(f"{name}: {count}" for name, count in sorted(broken.items()))
        told.append(("invariants_violated", "The books violate what must always hold", listed))
    if tally.overdue_breaks:
        sentence = f"{tally.overdue_breaks} of {tally.open_breaks} open breaks have waited too long for a person."
        told.append(("reconciliation_overdue", "Reconciliation breaks are overdue", sentence))
    for one in tally.safeguarding:
        if one.ratio_bps is not None and one.ratio_bps < safeguarding_min_bps:
            sentence = f"Customers are owed {one.owed} {one.currency} in minor units; {one.covered} are covered."
            if one.opening:
                sentence += f" Of what opened the books {one.opening} have no place yet."
            told.append(("safeguarding", f"Customers' {one.currency} is not fully covered", sentence))
    if tally.not_imported:
        sentence = f"Not asked for their transactions: {', '.join(tally.not_imported)}. The next run asks again."
        told.append(("reconciliation_import", "A provider's transactions could not be read", sentence))
    return [alert(id=context.new_id(), kind=kind, subject=subject, detail=detail) for kind, subject, detail in told]
