"""What a provider's answer about a payout means. The call, the webhook and the poll all end here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from kro.core.decisions import Audit, Decision, Journal, Message, Outcome, Update
from kro.core.money import Money
from kro.kro_balance.domain import External, payout_duty_borne, payout_returned, payout_settled, provider_fee
from kro.payment.database.payout_words import AlarmKind, DutyBearer
from kro.payment.database.records import MONEY_GIVEN_BACK, Attempt, AttemptStatus, Payout, PayoutStatus
from kro.payment.domain.announcements import balance_updated, payout_notice, payout_updated
from kro.payment.domain.context import Context
from kro.payment.domain.decide_alarm import raise_alarm
from kro.payment.domain.decide_payout import submission_message
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

TURNED_DOWN: Final = frozenset(
    {
        "insufficient_balance",
        "unsupported_amount",
        "unknown_bank",
        "access_denied",
        "operation_forbidden",
        "7701",
        "8005",
    }
)
"""Refusals that speak of the provider and of us, not of the account: nothing was sent, and another may send it."""

_OPEN: Final = frozenset({PayoutStatus.SUBMITTING, PayoutStatus.SUBMITTED, PayoutStatus.UNKNOWN})


def decide_transfer(
    payout: Payout,
    answer: TransferAnswer,
    *,
    rules: PayoutRules,
    context: Context,
    elsewhere: str | None = None,
) -> Outcome[Progress]:
    """Move a payout by what its provider answered.

    Age alone never fails a payout. A success stays one unless the money comes back; what was given back to its owner
    is never paid again, and an answer to the contrary is left to a person. What a provider turns down for reasons of
    its own is given to ``elsewhere``, if there is one.
    """
    attempt = payout.attempt
    if attempt is None:
        raise AssertionError("a payout without an attempt has nothing to be asked about")
    step = _Step(payout=payout, attempt=attempt, rules=rules, context=context, elsewhere=elsewhere)
    if isinstance(answer, Succeeded | Reversed) and step.names_another_sum(answer.facts):
        return step.park(AlarmKind.AMOUNT_DIFFERS)
    if payout.status in _OPEN:
        return step.from_open(answer)
    if payout.status is PayoutStatus.SUCCEEDED:
        return step.from_success(answer)
    if payout.status in MONEY_GIVEN_BACK and isinstance(answer, Succeeded):
        return step.park(AlarmKind.PAID_AFTER_GIVING_BACK)
    return Outcome(Decision(), Progress.FINAL)


def is_over(payout: Payout, reference: str) -> bool:
    """Say whether the attempt under a reference was turned down, and another one has followed it or is about to."""
    attempt = payout.attempt
    if attempt is None or attempt.reference != reference:
        return True
    return payout.status is PayoutStatus.APPROVED and attempt.status is AttemptStatus.FAILED


def decide_earlier(payout: Payout, answer: TransferAnswer, *, context: Context) -> Outcome[Progress]:
    """Judge news of an attempt that is over: it had failed, so only a payment would be news.

    Nothing said of it is ever taken for an answer about the attempt that followed. The payout's version moves with the
    alarm, so that whoever is about to send it elsewhere decides again, and sees the alarm.
    """
    if not isinstance(answer, Succeeded):
        return Outcome(Decision(), Progress.FINAL)
    alarm = raise_alarm(payout, AlarmKind.PAID_AFTER_TURNING_DOWN, context=context)
    if alarm == Decision():
        return Outcome(alarm, Progress.PARKED)
    moved = Update("transactions", payout.id, payout.version, {"updated_at": context.now})
    return Outcome(Decision(writes=(moved,)) + alarm, Progress.PARKED)


def settlement(
    payout: Payout, external: External, context: Context, *, facts: TransferFacts | None = None
) -> tuple[Journal, ...]:
    """Return the journals of a payout that arrived; ``facts`` are the provider's, if it is the provider who says so."""
    at = facts.updated_at if facts is not None else None
    journals = [
        payout_settled(context.posting(occurred_at=at), payout_id=payout.id, amount=payout.amount, external=external)
    ]
    if payout.duty and payout.duty_bearer is DutyBearer.PLATFORM:
        duty = Money(payout.duty, payout.amount.currency)
        journals.append(payout_duty_borne(context.posting(occurred_at=at), payout_id=payout.id, duty=duty))
    if facts is not None and facts.fees_minor is not None and facts.fees_minor > 0:
        fee = provider_fee(
            context.posting(occurred_at=at),
            source=("payout", payout.id),
            amount=Money(facts.fees_minor, payout.amount.currency),
            external=external,
        )
        journals.append(fee)
    return tuple(journals)


@dataclass(frozen=True, slots=True)
class _Step:
    payout: Payout
    attempt: Attempt
    rules: PayoutRules
    context: Context
    elsewhere: str | None = None

    def from_open(self, answer: TransferAnswer) -> Outcome[Progress]:
        match answer:
            case Succeeded(facts=facts):
                outcome = self._settle(facts)
            case FailedDefinitively(code=code) if code in TURNED_DOWN and self.elsewhere is not None:
                outcome = self._go_elsewhere(code, self.elsewhere)
            case FailedDefinitively(code=code):
                outcome = self._fail(code)
            case Reversed():
                outcome = self._fail("reversed")
            case Pending():
                outcome = self._follow(PayoutStatus.SUBMITTED, AttemptStatus.SUBMITTED)
            case NotSent(retry_after_seconds=seconds):
                wait = timedelta(seconds=seconds or 0)
                outcome = self._send_again(max(self._next_poll(), self.context.now + wait))
            case NotFound() if self._is_believed():
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
                return self.park(AlarmKind.FAILED_AFTER_SUCCESS)
            case Unknown():
                return self._ask_again()
            case _:
                return self._watch()

    def names_another_sum(self, facts: TransferFacts) -> bool:
        return (facts.amount_minor, facts.currency) != (self.payout.amount.amount, self.payout.amount.currency)

    def park(self, kind: AlarmKind) -> Outcome[Progress]:
        """Stop asking, move nothing, and leave the contradiction to people, who are told once."""
        alarm = raise_alarm(self.payout, kind, context=self.context)
        if alarm == Decision():
            quiet = () if self.payout.next_poll_at is None else (self._update(next_poll_at=None),)
            return Outcome(Decision(writes=quiet), Progress.PARKED)
        audit = Audit(
            id=self.context.new_id(),
            actor=self.context.actor,
            action="payout.contradiction",
            target_type="payout",
            target_id=self.payout.id,
            result="refused",
            reason=kind,
        )
        decision = Decision(writes=(self._update(next_poll_at=None),), audits=(audit,))
        return Outcome(decision + alarm, Progress.PARKED)

    def _is_believed(self) -> bool:
        cooled = self.context.now - self.attempt.created_at >= self.rules.not_found_cooling
        return cooled and self.rules.references_are_unique

    def _settle(self, facts: TransferFacts) -> Outcome[Progress]:
        now = self.context.now
        ended = {"status": PayoutStatus.SUCCEEDED, "settled_at": now, "provider_reference": facts.provider_reference}
        decision = Decision(
            writes=(
                self._update(**ended, failure_code=None, next_poll_at=now + DAY),
                self._update_attempt(AttemptStatus.SUCCEEDED, provider_reference=facts.provider_reference),
            ),
            journals=settlement(self.payout, self._external(facts), self.context, facts=facts),
            messages=self._tell(PayoutStatus.SUCCEEDED, "payout_settled"),
        )
        return Outcome(decision, Progress.FINAL)

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

    def _go_elsewhere(self, code: str, provider: str) -> Outcome[Progress]:
        """Have the next provider send what this one cannot: the money stays set aside and the approvals stay good."""
        decision = Decision(
            writes=(
                self._update(status=PayoutStatus.APPROVED, provider=provider, next_poll_at=None),
                self._update_attempt(AttemptStatus.FAILED, failure_code=code),
            ),
            messages=(
                submission_message(self.payout.id, context=self.context),
                payout_updated(self.payout, PayoutStatus.APPROVED, context=self.context),
            ),
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
            messages=self._tell(PayoutStatus.RETURNED, "payout_returned"),
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

    def _ask_again(self) -> Outcome[Progress]:
        """Stay with the question: whoever asked may have heard of money sent back after the watch had ended."""
        return Outcome(Decision(writes=(self._update(next_poll_at=self.context.now + DAY),)), Progress.WAITING)

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
