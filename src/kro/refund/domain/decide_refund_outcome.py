"""What a provider's answer about a refund means. The call, the webhook and the poll all end here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias

from kro.core.decisions import Decision, Message, Outcome, Update
from kro.kro_balance.domain import External, refund_confirmed, refund_failed
from kro.payment.domain import (
    FailedDefinitively,
    NotFound,
    NotSent,
    Pending,
    Progress,
    RefundFacts,
    RefundSendResult,
    RefundStatusResult,
    Succeeded,
    Unknown,
    next_poll,
)
from kro.refund.database.records import AttemptStatus, Refund, RefundAttempt, RefundStatus
from kro.refund.domain.announcements import audit, balance_updated, refund_alarm, refund_notice, refund_updated
from kro.refund.domain.context import Context
from kro.refund.domain.rules import DAY, HOUR, PATIENCE, RefundRules

RefundAnswer: TypeAlias = RefundSendResult | RefundStatusResult

_NEEDS_ATTENTION: Final = "needs-attention"


def decide_outcome(refund: Refund, answer: RefundAnswer, *, rules: RefundRules, context: Context) -> Outcome[Progress]:
    """Move a refund by what its provider answered.

    Age alone never fails a refund, and nothing unclear is ever sent again. What was given to the owner's balance is
    not paid again, and an answer to the contrary is left to a person.
    """
    attempt = refund.attempt
    if attempt is None:
        return Outcome(Decision(), Progress.FINAL)
    step = _Step(refund=refund, attempt=attempt, rules=rules, context=context)
    match refund.status, answer:
        case RefundStatus.SENDING, _:
            return step.from_open(answer)
        case RefundStatus.PROCESSED, FailedDefinitively():
            return step.park("failed_after_success")
        case RefundStatus.FAILED, Succeeded() | Pending() | Unknown(cause="failed_refund_went_on"):
            return step.park("paid_after_money_was_given_back")
        case _:
            return Outcome(Decision(), Progress.FINAL)


@dataclass(frozen=True, slots=True)
class _Step:
    refund: Refund
    attempt: RefundAttempt
    rules: RefundRules
    context: Context

    def from_open(self, answer: RefundAnswer) -> Outcome[Progress]:
        match answer:
            case Succeeded(facts=facts):
                return self._process(facts)
            case FailedDefinitively(code=code, facts=facts):
                return self._fail(code, facts)
            case Pending(code=code, facts=facts):
                return self._submitted(code, facts)
            case NotSent(retry_after_seconds=seconds):
                return self._keep_for_sending(timedelta(seconds=seconds or 0))
            case Unknown() | NotFound():
                return self._unknown()

    def park(self, reason: str) -> Outcome[Progress]:
        """Stop asking and leave the contradiction to a person."""
        decision = Decision(
            writes=(self._update(next_poll_at=None),),
            messages=(
                refund_alarm(
                    self.refund, "refund_contradiction", f"its provider says otherwise ({reason})", context=self.context
                ),
            ),
            audits=(audit(self.refund, "refund.contradiction", context=self.context, result="refused", reason=reason),),
        )
        return Outcome(decision, Progress.PARKED)

    def _process(self, facts: RefundFacts) -> Outcome[Progress]:
        external = External(self.refund.provider or "", facts.provider_reference)
        journal = refund_confirmed(
            self.context.posting(occurred_at=facts.updated_at),
            refund_id=self.refund.id,
            amount=self.refund.amount,
            external=external,
        )
        decision = Decision(
            writes=(
                self._update(
                    status=RefundStatus.PROCESSED,
                    processed_at=self.context.now,
                    failure_code=None,
                    next_poll_at=None,
                ),
                self._update_attempt(AttemptStatus.SUCCEEDED, provider_reference=facts.provider_reference),
            ),
            journals=(journal,),
            messages=self._tell(RefundStatus.PROCESSED, "refund_processed"),
        )
        return Outcome(decision, Progress.FINAL)

    def _fail(self, code: str, facts: RefundFacts | None) -> Outcome[Progress]:
        attempt = self._update_attempt(
            AttemptStatus.FAILED,
            failure_code=code,
            provider_reference=facts.provider_reference if facts is not None else self.attempt.provider_reference,
        )
        if self.attempt.number < self.rules.max_attempts:
            now = self.context.now
            retry_at = self.rules.retry_at(self.attempt.number, now=now)
            again = self._update(status=RefundStatus.APPROVED, failure_code=code, next_poll_at=retry_at)
            return Outcome(Decision(writes=(again, attempt)), Progress.FINAL)
        given_back = give_to_balance(self.refund, code, context=self.context)
        return Outcome(given_back + Decision(writes=(attempt,)), Progress.FINAL)

    def _submitted(self, code: str, facts: RefundFacts | None) -> Outcome[Progress]:
        alarms, alarm = self._alarm(waits_for_people=code == _NEEDS_ATTENTION)
        reference = facts.provider_reference if facts is not None else self.attempt.provider_reference
        decision = Decision(
            writes=(
                self._update(
                    polls=self.refund.polls + 1, next_poll_at=self._next_poll(), failure_code=None, alarms=alarms
                ),
                self._update_attempt(AttemptStatus.SUBMITTED, provider_reference=reference),
            ),
            messages=alarm,
        )
        # The provider has it and says so: whoever asked has learned what there is to learn for now.
        return Outcome(decision, Progress.FINAL)

    def _unknown(self) -> Outcome[Progress]:
        alarms, alarm = self._alarm(unclear=True)
        decision = Decision(
            writes=(
                self._update(polls=self.refund.polls + 1, next_poll_at=self._next_poll(), alarms=alarms),
                self._update_attempt(AttemptStatus.UNKNOWN),
            ),
            messages=alarm,
        )
        return Outcome(decision, Progress.WAITING)

    def _keep_for_sending(self, wait: timedelta) -> Outcome[Progress]:
        """Keep the try for another call; one that is submitting without a lease says so."""
        alarms, alarm = self._alarm(unclear=True)
        at = max(self._next_poll(), self.context.now + wait)
        decision = Decision(
            writes=(
                self._update(next_poll_at=at, alarms=alarms),
                self._update_attempt(AttemptStatus.SUBMITTING),
            ),
            messages=alarm,
        )
        return Outcome(decision, Progress.WAITING)

    def _alarm(self, *, unclear: bool = False, waits_for_people: bool = False) -> tuple[int, tuple[Message, ...]]:
        """Alarm people once about each stage of what takes too long; age never decides anything by itself."""
        age = self.context.now - self.attempt.created_at
        stages = (
            (1, waits_for_people, "refund_needs_attention", "its provider waits for the payer's bank details"),
            (2, unclear and age >= HOUR, "refund_unclear_for_an_hour", "unclear for an hour whether it was sent"),
            (
                3,
                unclear and age >= DAY,
                "refund_unclear_for_a_day",
                "unclear for a day, two persons have to resolve it",
            ),
            (4, age >= PATIENCE, "refund_open_for_two_weeks", "on its way for two weeks"),
        )
        reached = [stage for stage in stages if stage[1] and stage[0] > self.refund.alarms]
        if not reached:
            return self.refund.alarms, ()
        level, _, kind, words = reached[-1]
        return level, (refund_alarm(self.refund, kind, words, context=self.context),)

    def _next_poll(self) -> datetime:
        return next_poll(since=self.attempt.created_at, ladder=self.rules.poll_seconds, now=self.context.now)

    def _tell(self, status: RefundStatus, template: str) -> tuple[Message, ...]:
        return (
            refund_updated(self.refund, status, context=self.context),
            balance_updated(self.refund.user_id, context=self.context),
            refund_notice(self.refund, template, context=self.context),
        )

    def _update(self, **columns: Any) -> Update:  # noqa: ANN401 - the columns of refunds
        return Update("refunds", self.refund.id, self.refund.version, {**columns, "updated_at": self.context.now})

    def _update_attempt(self, status: AttemptStatus, **columns: str | None) -> Update:
        changes = {"status": status, "lease_until": None, "updated_at": self.context.now, **columns}
        return Update("refund_attempts", self.attempt.id, self.attempt.version, changes)


def give_to_balance(refund: Refund, code: str, *, context: Context) -> Decision:
    """Return what ends a refund that did not reach its source: its money is in the owner's balance."""
    changes = {
        "status": RefundStatus.FAILED,
        "processed_at": context.now,
        "failure_code": code,
        "next_poll_at": None,
        "updated_at": context.now,
    }
    journal = refund_failed(context.posting(), refund_id=refund.id, user_id=refund.user_id, amount=refund.amount)
    return Decision(
        writes=(Update("refunds", refund.id, refund.version, changes),),
        journals=(journal,),
        messages=(
            refund_updated(refund, RefundStatus.FAILED, context=context),
            balance_updated(refund.user_id, context=context),
            refund_notice(refund, "refund_failed", context=context),
        ),
    )
