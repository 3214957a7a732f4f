"""The queue of breaks: each discrepancy stands in it once, leaves by itself when both sides agree, or by a person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from kro.core.alerts import alert
from kro.core.decisions import Audit, Decision, Insert, Message, Outcome, Update
from kro.payment.database.reconciliation_records import AskedBreak, Break, BreakResolution, BreakStatus, Finding
from kro.payment.domain.context import Context
from kro.payment.domain.reconciliation_errors import AssigneeUnknownError, BreakEndedError, BreakNotFoundError


def decide_findings(
    findings: Sequence[Finding], known: Mapping[str, Break], *, context: Context
) -> Outcome[Sequence[Finding]]:
    """Put what was found into the queue, and return what stands there newly or again.

    What a person has resolved stays resolved while both sides say the same as then.
    """
    opened: list[Finding] = []
    rows: list[Mapping[str, Any]] = []
    updates: list[Update] = []
    for finding in findings:
        found = known.get(finding.subject)
        if found is None:
            rows.append(_row(finding, context))
            opened.append(finding)
        elif found.status is BreakStatus.OPEN:
            if _sides(found.finding) != _sides(finding):
                updates.append(_update(found, context, **_sides(finding)))
        elif found.status is BreakStatus.CLOSED or _sides(found.finding) != _sides(finding):
            updates.append(_reopened(found, finding, context))
            opened.append(finding)
    inserts = (Insert("reconciliation_breaks", tuple(rows)),) if rows else ()
    # Told in the same write: a run that dies after it leaves no break that nobody heard of.
    told = (_alarm(opened, context),) if opened else ()
    return Outcome(Decision(writes=(*inserts, *updates), messages=told), opened)


def _alarm(opened: Sequence[Finding], context: Context) -> Message:
    kinds = Counter(finding.kind for finding in opened)
    return alert(
        id=context.new_id(),
        kind="reconciliation_breaks",
        subject=f"{len(opened)} new reconciliation breaks",
        detail=", ".join(f"{kind}: {count}" for kind, count in sorted(kinds.items())),
    )


def decide_closing(breaks: Sequence[Break], *, context: Context) -> Outcome[int]:
    """Close what was open and was not found again; return how many that were."""
    gone = [found for found in breaks if found.status is BreakStatus.OPEN]
    ended = {"status": BreakStatus.CLOSED, "ended_at": context.now}
    return Outcome(Decision(writes=tuple(_update(found, context, **ended) for found in gone)), len(gone))


def decide_assignment(asked: AskedBreak, assignee: UUID | None, *, context: Context) -> Outcome[Break]:
    """Give an open break to an admin, or to nobody.

    :raises BreakNotFoundError: if there is none.
    :raises BreakEndedError: unless it is open.
    :raises AssigneeUnknownError: when it is to be given to somebody who is no active admin.
    """
    found = _open(asked.found)
    if assignee is not None and not asked.assignee_works:
        raise AssigneeUnknownError
    detail = {"assigned_to": str(assignee) if assignee else None}
    decision = Decision(
        writes=(_update(found, context, assigned_to=assignee),),
        audits=(_audit(found, "reconciliation.assign", context, detail=detail),),
    )
    return Outcome(decision, replace(found, assigned_to=assignee, updated_at=context.now, version=found.version + 1))


def decide_resolution(asked: AskedBreak, resolution: BreakResolution, *, note: str, context: Context) -> Outcome[Break]:
    """Take a break out of the queue with the reason a person found; money is moved elsewhere, if any has to be.

    :raises BreakNotFoundError: if there is none.
    :raises BreakEndedError: unless it is open.
    """
    found = _open(asked.found)
    resolved = replace(
        found,
        status=BreakStatus.RESOLVED,
        resolution=resolution,
        note=note,
        resolved_by=context.actor.id,
        updated_at=context.now,
        ended_at=context.now,
        version=found.version + 1,
    )
    changes = {
        "status": resolved.status,
        "resolution": resolution,
        "note": note,
        "resolved_by": resolved.resolved_by,
        "ended_at": context.now,
    }
    decision = Decision(
        writes=(_update(found, context, **changes),),
        audits=(_audit(found, "reconciliation.resolve", context, reason=note, detail={"resolution": resolution}),),
    )
    return Outcome(decision, resolved)


def _open(found: Break | None) -> Break:
    if found is None:
        raise BreakNotFoundError
    if found.status is not BreakStatus.OPEN:
        raise BreakEndedError
    return found


def _sides(finding: Finding) -> dict[str, Any]:
    return {"in_ledger": finding.in_ledger, "outside": finding.outside, "journal_id": finding.journal_id}


def _reopened(found: Break, finding: Finding, context: Context) -> Update:
    again = {"status": BreakStatus.OPEN, "opened_at": context.now, "ended_at": None}
    forgotten = {"resolution": None, "note": None, "resolved_by": None}
    return _update(found, context, **_sides(finding), **again, **forgotten)


def _row(finding: Finding, context: Context) -> Mapping[str, Any]:
    return {
        "id": context.new_id(),
        "subject": finding.subject,
        "kind": finding.kind,
        "source": finding.side,
        "account": finding.account,
        "line_id": finding.line_id,
        "journal_id": finding.journal_id,
        "reference": finding.reference,
        "currency": finding.currency,
        "in_ledger": finding.in_ledger,
        "outside": finding.outside,
        "occurred_at": finding.occurred_at,
        "status": BreakStatus.OPEN,
        "opened_at": context.now,
        "updated_at": context.now,
        "version": 1,
    }


def _update(found: Break, context: Context, **columns: Any) -> Update:  # noqa: ANN401 - the columns of breaks
    return Update("reconciliation_breaks", found.id, found.version, {**columns, "updated_at": context.now})


def _audit(
    found: Break, action: str, context: Context, *, reason: str | None = None, detail: Mapping[str, Any]
) -> Audit:
    return Audit(
        id=context.new_id(),
        actor=context.actor,
        action=action,
        target_type="reconciliation_break",
        target_id=found.id,
        reason=reason,
        detail={"kind": found.finding.kind, "reference": found.finding.reference, **detail},
    )
