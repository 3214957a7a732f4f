"""How a stuck payout ended, as people found out: one says so with evidence, another confirms."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from kro.core.alerts import alert
from kro.core.decisions import Audit, Decision, Insert, Journal, Outcome, Update
from kro.core.ids import show_id
from kro.kro_balance.domain import External, payout_returned
from kro.payment.database.payout_records import Resolution, ResolutionOutcome, ResolutionState, ResolutionStatus
from kro.payment.database.records import AttemptStatus, Payout, PayoutStatus
from kro.payment.domain.announcements import balance_updated, payout_notice, payout_updated
from kro.payment.domain.context import Context
from kro.payment.domain.decide_payout_approval import give_back
from kro.payment.domain.decide_transfer import settlement
from kro.payment.domain.errors import PayoutNotFoundError, ResolutionNotFoundError
from kro.payment.domain.resolution_rules import Finding, confirmation_refusal, proposal_refusal
from kro.payment.domain.rules import PayoutRules

FAILURE_CODE: Final = "resolved_by_people"

_STATUS: Final = {
    ResolutionOutcome.PAID: PayoutStatus.SUCCEEDED,
    ResolutionOutcome.FAILED: PayoutStatus.FAILED,
    ResolutionOutcome.RETURNED: PayoutStatus.RETURNED,
}
_TEMPLATES: Final = {
    ResolutionOutcome.PAID: "payout_settled",
    ResolutionOutcome.FAILED: "payout_failed",
    ResolutionOutcome.RETURNED: "payout_returned",
}


def decide_proposal(
    state: ResolutionState, finding: Finding, *, code_spent: Update, rules: PayoutRules, context: Context
) -> Outcome[tuple[Payout, Resolution]]:
    """Write down how a payout ended, for another person to confirm. Nothing moves yet.

    :raises KroError: what :func:`proposal_refusal` says.
    """
    refused = proposal_refusal(state, finding, rules=rules, context=context)
    if refused is not None:
        raise refused
    payout = _payout_of(state)
    resolution = Resolution(
        id=context.new_id(),
        payout_id=payout.id,
        outcome=finding.outcome,
        provider_reference=finding.provider_reference,
        note=finding.note,
        status=ResolutionStatus.PROPOSED,
        proposed_by=context.actor.id,
        proposed_at=context.now,
        decided_by=None,
        decided_at=None,
        version=1,
    )
    row = {name: getattr(resolution, name) for name in Resolution.__slots__}
    decision = Decision(
        writes=(Insert("payout_resolutions", (row,)), code_spent),
        messages=(
            alert(
                id=context.new_id(),
                kind="payout_resolution_proposed",
                subject="A stuck payout waits for a second person",
                detail=f"Payout {show_id('pyt', payout.id)} is said to be {finding.outcome}.",
            ),
        ),
        audits=(_audit("payout.resolution_proposed", resolution, context),),
    )
    return Outcome(decision, (payout, resolution))


def decide_confirmation(
    state: ResolutionState, *, shown_hash: str, code_spent: Update, rules: PayoutRules, context: Context
) -> Outcome[Payout]:
    """End a payout as two people say it did, with the postings the provider's own word would have caused.

    :raises KroError: what :func:`confirmation_refusal` says.
    """
    refused = confirmation_refusal(state, shown_hash=shown_hash, rules=rules, context=context)
    if refused is not None:
        raise refused
    payout, resolution = _payout_of(state), _resolution_of(state)
    settled = tuple(
        Update("payout_alarms", alarm.id, alarm.version, {"settled_at": context.now})
        for alarm in payout.alarms
        if alarm.waits
    )
    ended = _end(payout, resolution, context)
    decided = Decision(
        writes=(_closed(resolution, ResolutionStatus.CONFIRMED, context), *settled, code_spent),
        audits=(_audit("payout.resolution_confirmed", resolution, context),),
    )
    return Outcome(ended.decision + decided, ended.value)


def decide_dismissal(state: ResolutionState, *, reason: str, context: Context) -> Outcome[Payout]:
    """Drop a proposal; the payout waits on.

    :raises ResolutionNotFoundError: when there is no open proposal of that id.
    """
    payout, resolution = state.payout, state.resolution
    if payout is None or resolution is None or resolution.status is not ResolutionStatus.PROPOSED:
        raise ResolutionNotFoundError
    decision = Decision(
        writes=(_closed(resolution, ResolutionStatus.DISMISSED, context),),
        audits=(_audit("payout.resolution_dismissed", resolution, context, reason=reason),),
    )
    return Outcome(decision, payout)


def _end(payout: Payout, resolution: Resolution, context: Context) -> Outcome[Payout]:
    status = _STATUS.get(resolution.outcome)
    if status is None:
        return Outcome(Decision(), payout)
    changes: dict[str, Any] = {"status": status, "next_poll_at": None, "updated_at": context.now}
    if status is not PayoutStatus.RETURNED:
        changes["settled_at"] = context.now
    if status is PayoutStatus.SUCCEEDED:
        changes |= {"provider_reference": resolution.provider_reference, "failure_code": None}
    else:
        changes["failure_code"] = FAILURE_CODE
    decision = Decision(
        writes=(Update("transactions", payout.id, payout.version, changes), *_ended_attempt(payout, status, context)),
        journals=_journals(payout, resolution, context),
        messages=(
            payout_updated(payout, status, context=context),
            balance_updated(payout.user_id, context=context),
            payout_notice(payout, _TEMPLATES[resolution.outcome], context=context),
        ),
    )
    ended = replace(
        payout,
        status=status,
        failure_code=changes["failure_code"],
        settled_at=changes.get("settled_at", payout.settled_at),
        updated_at=context.now,
        version=payout.version + 1,
    )
    return Outcome(decision, ended)


def _ended_attempt(payout: Payout, status: PayoutStatus, context: Context) -> tuple[Update, ...]:
    attempt = payout.attempt
    if attempt is None or status is PayoutStatus.RETURNED:
        return ()
    ended = AttemptStatus.SUCCEEDED if status is PayoutStatus.SUCCEEDED else AttemptStatus.FAILED
    changes = {"status": ended, "lease_until": None, "updated_at": context.now}
    return (Update("payout_attempts", attempt.id, attempt.version, changes),)


def _journals(payout: Payout, resolution: Resolution, context: Context) -> tuple[Journal, ...]:
    external = External(payout.provider, resolution.provider_reference or "")
    match resolution.outcome:
        case ResolutionOutcome.PAID:
            return settlement(payout, external, context)
        case ResolutionOutcome.RETURNED:
            return (
                payout_returned(
                    context.posting(),
                    payout_id=payout.id,
                    user_id=payout.user_id,
                    amount=payout.amount,
                    external=external,
                ),
            )
        case _:
            return (give_back(payout, "payout_failed", context),)


def _closed(resolution: Resolution, status: ResolutionStatus, context: Context) -> Update:
    changes = {"status": status, "decided_by": context.actor.id, "decided_at": context.now}
    return Update("payout_resolutions", resolution.id, resolution.version, changes)


def _audit(action: str, resolution: Resolution, context: Context, *, reason: str | None = None) -> Audit:
    return Audit(
        id=context.new_id(),
        actor=context.actor,
        action=action,
        target_type="payout",
        target_id=resolution.payout_id,
        reason=reason or resolution.note,
        detail={
            "resolution_id": resolution.id,
            "outcome": resolution.outcome,
            "provider_reference": resolution.provider_reference,
        },
    )


def _payout_of(state: ResolutionState) -> Payout:
    if state.payout is None:
        raise PayoutNotFoundError
    return state.payout


def _resolution_of(state: ResolutionState) -> Resolution:
    if state.resolution is None:
        raise ResolutionNotFoundError
    return state.resolution
