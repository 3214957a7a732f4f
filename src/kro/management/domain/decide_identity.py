"""Identity checks, decided on loaded facts: given, answered by a register, decided by an admin. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from kro.core.actor import Actor
from kro.core.decisions import Audit, Decision, Insert, Message, Outcome, Update
from kro.core.encryption import Envelope
from kro.core.ids import IdSource
from kro.core.kyc import Requirement, TierRule, earned_tier
from kro.core.kyc.identity import IdentityKind
from kro.core.notices import Reader, notice
from kro.management.database.identity_records import (
    CheckCause,
    CheckState,
    CheckStatus,
    IdentityCheck,
    SubmissionState,
    TierState,
)
from kro.management.domain.identity_errors import (
    ConsentOutdatedError,
    IdentityAttemptsError,
    IdentityCheckDecidedError,
    IdentityCheckNotFoundError,
    IdentityCheckOpenError,
    IdentityNumberInUseError,
    IdentityVerifiedError,
    OwnIdentityError,
    TierUnchangedError,
    UnknownUserError,
)
from kro.management.domain.identity_match import Verdict
from kro.management.domain.screening_message import screening

TABLE: Final = "identity_checks"
RESOLVE_TOPIC: Final = "identity.resolve"
CONSENT_PURPOSE: Final = "identity_check"
MOST_REFUSED: Final = 10
"""So many numbers that could not be confirmed, and only people can help."""
PATIENCE: Final = timedelta(days=3)
"""After so long without an answer of the register people decide."""
_SETTLED: Final = (
    "status",
    "cause",
    "next_attempt_at",
    "decided_at",
    "decided_by",
    "reason",
    "number_key",
    "number_sealed",
    "record_sealed",
    "score",
    "provider",
    "provider_reference",
)
_LADDER: Final = (60, 300, 900, 3_600, 21_600)
"""Seconds until a silent register is asked again; the last one repeats."""


@dataclass(frozen=True, slots=True)
class SealedNumber:
    """A number on its way in, already sealed for the row ``id``."""

    id: UUID
    kind: IdentityKind
    envelope: Envelope = field(repr=False)
    index: str = field(repr=False)
    last4: str
    middle_name: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Consent:
    """That somebody agreed to have their number looked up: to which text, from where."""

    text_version: str
    current_version: str
    user_agent: str | None = None


@dataclass(frozen=True, slots=True)
class Deed:
    """Who acts and when; ``ids`` names the new rows."""

    actor: Actor
    now: datetime
    ids: IdSource

    def audit(
        self,
        action: str,
        target: tuple[str, UUID],
        *,
        reason: str | None = None,
        detail: Mapping[str, Any] | None = None,
    ) -> Audit:
        """Return the audit row of the deed; ``target`` is a kind and an id."""
        return Audit(
            id=self.ids.new(),
            actor=self.actor,
            action=action,
            target_type=target[0],
            target_id=target[1],
            reason=reason,
            detail=detail or {},
        )


def decide_submission(
    state: SubmissionState, number: SealedNumber, consent: Consent, *, deed: Deed
) -> Outcome[IdentityCheck]:
    """Keep a number with the consent to look it up, and have the worker ask.

    Whether another account has the number is not said here: that would tell a stranger who is a customer.

    :raises ConsentOutdatedError: when another text was agreed to than the present one.
    :raises IdentityCheckOpenError: while another number is being looked up.
    :raises IdentityVerifiedError: when this kind was verified before.
    :raises IdentityAttemptsError: when too many could not be confirmed.
    """
    if consent.text_version != consent.current_version:
        raise ConsentOutdatedError
    if any(check.is_open for check in state.checks):
        raise IdentityCheckOpenError
    if any(check.kind is number.kind and check.status is CheckStatus.VERIFIED for check in state.checks):
        raise IdentityVerifiedError
    if sum(check.status is CheckStatus.REFUSED for check in state.checks) >= MOST_REFUSED:
        raise IdentityAttemptsError
    consent_id = deed.ids.new()
    check = IdentityCheck(
        id=number.id,
        user_id=deed.actor.id,
        kind=number.kind,
        status=CheckStatus.PENDING,
        cause=None,
        number_key=number.envelope.key,
        number_sealed=number.envelope.content,
        record_sealed=None,
        number_index=number.index,
        last4=number.last4,
        first_name=state.first_name,
        last_name=state.last_name,
        middle_name=number.middle_name,
        score=None,
        provider=None,
        provider_reference=None,
        consent_id=consent_id,
        attempts=0,
        next_attempt_at=deed.now,
        decided_by=None,
        decided_at=None,
        reason=None,
        version=1,
        created_at=deed.now,
    )
    decision = Decision(
        writes=(Insert("consents", (_consent_row(consent, consent_id, deed),)), Insert(TABLE, (asdict(check),))),
        messages=(Message(id=deed.ids.new(), topic=RESOLVE_TOPIC, payload={"check_id": check.id}),),
        audits=(_audit(check, "identity.submitted", deed, detail={"consent": consent.text_version}),),
    )
    return Outcome(decision, check)


def decide_answer(
    state: CheckState,
    verdict: Verdict,
    *,
    provider: str,
    reference: str | None,
    record_sealed: str | None,
    rules: Sequence[TierRule],
    deed: Deed,
) -> Outcome[IdentityCheck | None]:
    """Record what the register's answer means, raise the tier if it verifies, and tell the owner.

    ``None`` when the check does not wait for an answer any more.
    """
    check = state.check
    if check is None or check.status is not CheckStatus.PENDING:
        return Outcome(Decision(), None)
    verdict = _in_context(state, verdict, now=deed.now)
    if verdict.status is CheckStatus.PENDING:
        later = deed.now + timedelta(seconds=_LADDER[min(check.attempts, len(_LADDER)) - 1])
        waiting = replace(check, next_attempt_at=later, version=check.version + 1)
        return Outcome(Decision(writes=(_update(check, next_attempt_at=later),)), waiting)
    answered = replace(
        check,
        record_sealed=record_sealed,
        score=verdict.score,
        provider=provider,
        provider_reference=reference,
    )
    settled = _settle(state, answered, verdict.status, verdict.cause, rules=rules, deed=deed)
    return Outcome(settled.decision, settled.value)


def decide_review(
    state: CheckState, *, approved: bool, reason: str, rules: Sequence[TierRule], deed: Deed
) -> Outcome[IdentityCheck]:
    """Decide a check that waits for people.

    :raises IdentityCheckNotFoundError: when there is none.
    :raises IdentityCheckDecidedError: unless it waits for people.
    :raises OwnIdentityError: when it is the admin's own.
    :raises IdentityNumberInUseError: when another account was verified with the number.
    """
    check = state.check
    if check is None:
        raise IdentityCheckNotFoundError
    if state.is_own:
        raise OwnIdentityError
    if check.status is not CheckStatus.REVIEW:
        raise IdentityCheckDecidedError
    if approved and state.in_use:
        raise IdentityNumberInUseError
    decided = replace(check, decided_by=deed.actor.id, reason=reason)
    status = CheckStatus.VERIFIED if approved else CheckStatus.REFUSED
    return _settle(state, decided, status, CheckCause.ADMIN, rules=rules, deed=deed)


def decide_tier(state: TierState, tier: int, *, reason: str, deed: Deed) -> Outcome[int]:
    """Set a user's tier by hand, up or down.

    :raises UnknownUserError: when there is no such user.
    :raises OwnIdentityError: when it is the admin's own account.
    :raises TierUnchangedError: when the user has it already.
    """
    if state.user_id is None:
        raise UnknownUserError
    if state.is_own:
        raise OwnIdentityError
    if state.tier == tier:
        raise TierUnchangedError
    changed = {"before": state.tier, "after": tier}
    audit = deed.audit("kyc.tier_set", ("user", state.user_id), reason=reason, detail=changed)
    told = _told(state.user_id, "tier_changed", {"tier": tier}, deed)
    writes = (Update("users", state.user_id, state.version, {"kyc_tier": tier, "updated_at": deed.now}),)
    return Outcome(Decision(writes=writes, messages=(told,), audits=(audit,)), tier)


def _in_context(state: CheckState, verdict: Verdict, *, now: datetime) -> Verdict:
    """Return what a verdict becomes for this check: one number serves one account, and silence ends some day."""
    check = state.check
    if verdict.status is CheckStatus.PENDING and check is not None and now - check.created_at >= PATIENCE:
        return replace(verdict, status=CheckStatus.REVIEW)
    if verdict.status is CheckStatus.REFUSED:
        return verdict
    if state.in_use:
        return replace(verdict, status=CheckStatus.REFUSED, cause=CheckCause.NUMBER_IN_USE)
    if verdict.status is CheckStatus.VERIFIED and not state.names_kept:
        return replace(verdict, status=CheckStatus.REVIEW, cause=CheckCause.NAMES_DIFFER)
    if verdict.status is CheckStatus.VERIFIED and state.is_frozen:
        return replace(verdict, status=CheckStatus.REVIEW, cause=CheckCause.ACCOUNT_FROZEN)
    return verdict


def _settle(
    state: CheckState,
    check: IdentityCheck,
    status: CheckStatus,
    cause: CheckCause,
    *,
    rules: Sequence[TierRule],
    deed: Deed,
) -> Outcome[IdentityCheck]:
    settled = replace(
        check,
        status=status,
        cause=cause,
        next_attempt_at=None,
        decided_at=None if status is CheckStatus.REVIEW else deed.now,
        version=check.version + 1,
    )
    if status is CheckStatus.REFUSED:
        # A number that proved nothing is not kept.
        settled = replace(settled, number_key=None, number_sealed=None, record_sealed=None)
    detail = {"status": status, "cause": cause, "score": check.score, "kind": check.kind}
    decision = Decision(
        writes=(_update(check, **{name: getattr(settled, name) for name in _SETTLED}),),
        audits=(_audit(settled, f"identity.{status}", deed, reason=check.reason, detail=detail),),
    )
    if status is CheckStatus.VERIFIED:
        # What is proven from now on may say more about who is on a list.
        decision += _raised(state, settled, rules, deed) + Decision(messages=(screening(check.user_id, deed.ids),))
    template = {CheckStatus.VERIFIED: "identity_verified", CheckStatus.REFUSED: "identity_refused"}.get(status)
    if template is not None:
        facts = {"kind": check.kind.upper(), "number": check.masked_number}
        decision += Decision(messages=(_told(check.user_id, template, facts, deed),))
    return Outcome(decision, settled)


def _raised(state: CheckState, check: IdentityCheck, rules: Sequence[TierRule], deed: Deed) -> Decision:
    known = {Requirement.IDENTITY, *(Requirement(kind.value) for kind in {*state.verified, check.kind})}
    if state.phone_known:
        known.add(Requirement.PHONE)
    in_force = [rule for rule in rules if rule.counts_at(deed.now)]
    earned = max(earned_tier(in_force, frozenset(known)), state.user_tier)
    # Also where the tier stays: names that were changed meanwhile have the check looked at again.
    person = Update("users", check.user_id, state.user_version, {"kyc_tier": earned, "updated_at": deed.now})
    if earned == state.user_tier:
        return Decision(writes=(person,))
    changed = {"before": state.user_tier, "after": earned, "identity_check": check.id}
    audit = deed.audit("kyc.tier_raised", ("user", check.user_id), detail=changed)
    return Decision(writes=(person,), audits=(audit,))


def _consent_row(consent: Consent, consent_id: UUID, deed: Deed) -> dict[str, Any]:
    actor = deed.actor
    return {
        "id": consent_id,
        "user_id": actor.id,
        "purpose": CONSENT_PURPOSE,
        "text_version": consent.text_version,
        "given_at": deed.now,
        "ip": actor.ip,
        "session_id": actor.session_id,
        "request_id": actor.request_id,
    }


def _update(check: IdentityCheck, **changes: Any) -> Update:  # noqa: ANN401 - the column decides the type
    return Update(TABLE, check.id, check.version, changes)


def _audit(
    check: IdentityCheck, action: str, deed: Deed, *, detail: dict[str, Any], reason: str | None = None
) -> Audit:
    known = detail | {"kind": check.kind, "number": check.masked_number}
    return deed.audit(action, ("identity_check", check.id), reason=reason, detail=known)


def _told(user_id: UUID, template: str, facts: dict[str, Any], deed: Deed) -> Message:
    return notice(id=deed.ids.new(), user_id=user_id, template=template, reader=Reader.OWNER, facts=facts)
