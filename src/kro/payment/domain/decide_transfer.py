"""What a provider's answer about a payout means. The call, the webhook and the poll all end here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from kro.core.decisions import Audit, Decision, Journal, Message, Outcome, Update
from kro.core.money import Money
from kro.kro_balance.domain import External, payout_returned, payout_settled, provider_fee
from kro.payment.database.records import MONEY_GIVEN_BACK, Attempt, AttemptStatus, Payout, PayoutStatus
from kro.payment.domain.announcements import balance_updated, payout_notice, payout_updated
from kro.payment.domain.context import Context
from kro.payment.domain.decide_payout_approval import give_back
from kro.payment.domain.progress import Progress
from kro.payment.domain.rules import DAY, PayoutRules, next_poll
from kro.payment.providers.results import (
    FailedDefinitively,
    NotFound,
    NotSent,
    Pending,
    Reversed,
    Succeeded,
    TransferFacts,
    TransferSendResult,
    TransferStatusResult,
    Unknown,
)

TransferAnswer = TransferSendResult | TransferStatusResult

_OPEN: Final = frozenset({PayoutStatus.SUBMITTING, PayoutStatus.SUBMITTED, PayoutStatus.UNKNOWN})


def decide_transfer(
    payout: Payout, answer: TransferAnswer, *, rules: PayoutRules, context: Context
) -> Outcome[Progress]:
    """Move a payout by what its provider answered.

    Age alone never fails a payout. A success stays one unless the money comes back; what was given back to its owner
    is never paid again, and an answer to the contrary is left to a person.
    """
    attempt = payout.attempt
    if attempt is None:
        raise AssertionError("a payout without an attempt has nothing to be asked about")
    step = _Step(payout=payout, attempt=attempt, rules=rules, context=context)
    if payout.status in _OPEN:
        return step.from_open(answer)
    if payout.status is PayoutStatus.SUCCEEDED:
        return step.from_success(answer)
    if payout.status in MONEY_GIVEN_BACK and isinstance(answer, Succeeded):
        return step.park("paid_after_money_was_given_back")
    return Outcome(Decision(), Progress.FINAL)


@dataclass(frozen=True, slots=True)
class _Step:
    payout: Payout
    attempt: Attempt
    rules: PayoutRules
    context: Context

    def from_open(self, answer: TransferAnswer) -> Outcome[Progress]:
        match answer:
            case Succeeded(facts=facts):
                outcome = self._settle(facts)
            case FailedDefinitively(code=code):
                outcome = self._fail(code)
            case Reversed():
                outcome = self._fail("reversed")
            case Pending():
                outcome = self._follow(PayoutStatus.SUBMITTED, AttemptStatus.SUBMITTED)
            case NotSent(retry_after_seconds=seconds):
                wait = timedelta(seconds=seconds or 0)
                outcome = self._send_again(max(self._next_poll(), self.context.now + wait))
            case NotFound() if self.context.now - self.attempt.created_at >= self.rules.not_found_cooling:
                # Documented by the provider and still true after the cooling time: the same reference is safe to use.
                outcome = self._send_again(self.context.now)
            case Unknown() | NotFound():
                outcome = self._follow(PayoutStatus.UNKNOWN, AttemptStatus.UNKNOWN)
        return outcome

    def from_success(self, answer: TransferAnswer) -> Outcome[Progress]:
        match answer:
            case Reversed(facts=facts):
                return self._return(facts)
            case FailedDefinitively():
                return self.park("failed_after_success")
            case _:
                return self._watch()

    def park(self, reason: str) -> Outcome[Progress]:
        """Stop asking and leave the contradiction to a person."""
        audit = Audit(
            id=self.context.new_id(),
            actor=self.context.actor,
            action="payout.contradiction",
            target_type="payout",
            target_id=self.payout.id,
            result="refused",
            reason=reason,
        )
        decision = Decision(writes=(self._update(next_poll_at=None),), audits=(audit,))
        return Outcome(decision, Progress.PARKED)

    def _settle(self, facts: TransferFacts) -> Outcome[Progress]:
        now = self.context.now
        ended = {"status": PayoutStatus.SUCCEEDED, "settled_at": now, "provider_reference": facts.provider_reference}
        decision = Decision(
            writes=(
                self._update(**ended, failure_code=None, next_poll_at=now + DAY),
                self._update_attempt(AttemptStatus.SUCCEEDED, provider_reference=facts.provider_reference),
            ),
            journals=self._settlement(facts),
            messages=self._tell(PayoutStatus.SUCCEEDED, "payout_settled"),
        )
        return Outcome(decision, Progress.FINAL)

    def _settlement(self, facts: TransferFacts) -> tuple[Journal, ...]:
        payout, external = self.payout, self._external(facts)
        at = facts.updated_at
        settled = payout_settled(
            self.context.posting(occurred_at=at), payout_id=payout.id, amount=payout.amount, external=external
        )
        if not facts.fees_minor or facts.fees_minor < 0:
            return (settled,)
        fee = provider_fee(
            self.context.posting(occurred_at=at),
            source=("payout", payout.id),
            amount=Money(facts.fees_minor, payout.amount.currency),
            external=external,
        )
        return (settled, fee)

    def _fail(self, code: str) -> Outcome[Progress]:
        ended = {"status": PayoutStatus.FAILED, "settled_at": self.context.now, "failure_code": code}
        decision = Decision(
            writes=(
                self._update(**ended, next_poll_at=None),
                self._update_attempt(AttemptStatus.FAILED, failure_code=code),
            ),
            journals=(give_back(self.payout, "payout_failed", self.context),),
            messages=self._tell(PayoutStatus.FAILED, "payout_failed"),
        )
        return Outcome(decision, Progress.FINAL)

    def _return(self, facts: TransferFacts) -> Outcome[Progress]:
        payout = self.payout
        journal = payout_returned(
            self.context.posting(occurred_at=facts.updated_at),
            payout_id=payout.id,
            user_id=payout.user_id,
            amount=payout.amount,
            external=self._external(facts),
        )
        decision = Decision(
            writes=(self._update(status=PayoutStatus.RETURNED, failure_code="returned", next_poll_at=None),),
            journals=(journal,),
            messages=self._tell(PayoutStatus.RETURNED, "payout_failed"),
        )
        return Outcome(decision, Progress.FINAL)

    def _follow(self, status: PayoutStatus, attempt_status: AttemptStatus) -> Outcome[Progress]:
        changed = status is not self.payout.status
        decision = Decision(
            writes=(
                self._update(status=status, polls=self.payout.polls + 1, next_poll_at=self._next_poll()),
                self._update_attempt(attempt_status),
            ),
            messages=(payout_updated(self.payout, status, context=self.context),) if changed else (),
        )
        return Outcome(decision, Progress.WAITING)

    def _send_again(self, at: datetime) -> Outcome[Progress]:
        """Keep the reference for another call; an attempt that is submitting without a lease says so."""
        decision = Decision(
            writes=(
                self._update(status=PayoutStatus.SUBMITTING, next_poll_at=at),
                self._update_attempt(AttemptStatus.SUBMITTING),
            )
        )
        return Outcome(decision, Progress.WAITING)

    def _next_poll(self) -> datetime:
        return next_poll(since=self.attempt.created_at, ladder=self.rules.poll_seconds, now=self.context.now)

    def _watch(self) -> Outcome[Progress]:
        now, settled_at = self.context.now, self.payout.settled_at
        watched = settled_at is not None and now - settled_at < self.rules.return_watch
        next_at = now + DAY if watched else None
        return Outcome(Decision(writes=(self._update(next_poll_at=next_at),)), Progress.FINAL)

    def _tell(self, status: PayoutStatus, template: str) -> tuple[Message, ...]:
        return (
            payout_updated(self.payout, status, context=self.context),
            balance_updated(self.payout.user_id, context=self.context),
            payout_notice(self.payout, template, context=self.context),
        )

    def _external(self, facts: TransferFacts) -> External:
        return External(self.payout.provider, facts.provider_reference)

    def _update(self, **columns: Any) -> Update:  # noqa: ANN401 - the columns of transactions
        changes = {**columns, "updated_at": self.context.now}
        return Update("transactions", self.payout.id, self.payout.version, changes)

    def _update_attempt(self, status: AttemptStatus, **columns: str | datetime | None) -> Update:
        changes = {"status": status, "lease_until": None, "updated_at": self.context.now, **columns}
        return Update("payout_attempts", self.attempt.id, self.attempt.version, changes)
