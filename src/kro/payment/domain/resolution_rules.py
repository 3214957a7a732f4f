"""What may be said of a stuck payout, by whom and when."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

from kro.core.errors import KroError
from kro.payment.database.payout_records import Resolution, ResolutionOutcome, ResolutionState, ResolutionStatus
from kro.payment.database.payout_words import AlarmKind
from kro.payment.database.records import Payout, PayoutStatus
from kro.payment.domain.context import Context
from kro.payment.domain.decide_alarm import ON_ITS_WAY, open_since
from kro.payment.domain.decide_payout_approval import approval_hash
from kro.payment.domain.errors import (
    ApprovalMismatchError,
    OutcomeNotPossibleError,
    OwnPayoutError,
    PayoutNotFoundError,
    ResolutionNotFoundError,
    ResolutionOpenError,
    SecondPersonError,
)
from kro.payment.domain.rules import PayoutRules

_SENT: Final = ON_ITS_WAY - {PayoutStatus.APPROVED}


@dataclass(frozen=True, slots=True)
class Finding:
    """What somebody found out. A payment or a return is evidenced by its reference at the provider or the bank."""

    outcome: ResolutionOutcome
    provider_reference: str | None
    note: str


def resolution_hash(resolution: Resolution, payout: Payout) -> str:
    """Return what confirming covers: SHA-256 (hex) over the payout, as an approval covers it, and the finding."""
    covered = (
        approval_hash(payout),
        str(resolution.id),
        resolution.outcome,
        resolution.provider_reference or "",
        resolution.note,
    )
    return hashlib.sha256("\n".join(covered).encode()).hexdigest()


def proposal_refusal(
    state: ResolutionState, finding: Finding, *, rules: PayoutRules, context: Context
) -> KroError | None:
    """Say why an admin may not propose how a payout ended, or ``None``."""
    if state.payout is None:
        return PayoutNotFoundError()
    if state.is_own:
        return OwnPayoutError()
    if state.resolution is not None:
        return ResolutionOpenError()
    if state.is_reference_used or not _is_possible(state.payout, finding.outcome, rules=rules, context=context):
        return OutcomeNotPossibleError()
    return None


def confirmation_refusal(
    state: ResolutionState, *, shown_hash: str, rules: PayoutRules, context: Context
) -> KroError | None:
    """Say why an admin may not confirm a proposal, or ``None``."""
    payout, resolution = state.payout, state.resolution
    if payout is None or resolution is None or resolution.status is not ResolutionStatus.PROPOSED:
        return ResolutionNotFoundError()
    if state.is_own:
        return OwnPayoutError()
    if resolution.proposed_by == context.actor.id:
        return SecondPersonError()
    if shown_hash != resolution_hash(resolution, payout):
        return ApprovalMismatchError()
    if not _is_possible(payout, resolution.outcome, rules=rules, context=context):
        return OutcomeNotPossibleError()
    return None


def _is_possible(payout: Payout, outcome: ResolutionOutcome, *, rules: PayoutRules, context: Context) -> bool:
    waits = any(alarm.waits for alarm in payout.alarms)
    match outcome:
        case ResolutionOutcome.RETURNED:
            return payout.status is PayoutStatus.SUCCEEDED
        case ResolutionOutcome.NOTED:
            # An open payout is never only noted: its money would stay in transit for ever.
            return waits and payout.status not in ON_ITS_WAY
        case ResolutionOutcome.PAID:
            possible = payout.status in _SENT
        case ResolutionOutcome.FAILED:
            possible = payout.status in ON_ITS_WAY
    contradicted = any(alarm.waits and alarm.kind is AlarmKind.AMOUNT_DIFFERS for alarm in payout.alarms)
    old_enough = contradicted or context.now - open_since(payout) >= rules.people_after
    return possible and old_enough and not _is_called(payout, context)


def _is_called(payout: Payout, context: Context) -> bool:
    """Whether a call to the provider may be under way."""
    attempt = payout.attempt
    return attempt is not None and attempt.lease_until is not None and attempt.lease_until > context.now
