"""What users owe after a contested payment: repaid from what comes in, or given up by two persons."""

from __future__ import annotations

from uuid import UUID

from kro.core.decisions import Decision, Outcome
from kro.core.errors import KroError
from kro.core.money import Money
from kro.kro_balance.domain import Source, receivable_repaid, receivable_written_off
from kro.payment.domain import Context, balance_notice, balance_updated
from kro.refund.database.receivable_records import DebtState


class DebtTooLowError(KroError):
    """The user does not owe as much as that."""

    code = "debt_too_low"


class DebtContestedError(KroError):
    """A chargeback behind this debt is not decided; it may still come back."""

    code = "debt_contested"


def decide_repayment(
    state: DebtState, *, user_id: UUID, currency: str, income: int | None, source: Source, context: Context
) -> Outcome[int]:
    """Repay as much of a debt as there is; return how much, in minor units.

    ``income`` is what comes in by the same write, not part of the loaded balance; ``None`` repays from the balance.
    """
    amount = min(state.owed, state.available if income is None else income)
    if amount <= 0:
        return Outcome(Decision(), 0)
    repaid = Money(amount, currency)
    journal = receivable_repaid(context.posting(), source=source, user_id=user_id, amount=repaid)
    facts = {"amount": repaid, "owed": Money(state.owed - amount, currency)}
    decision = Decision(
        journals=(journal,),
        messages=(
            balance_updated(user_id, context=context),
            balance_notice(user_id, "debt_repaid", facts=facts, context=context),
        ),
    )
    return Outcome(decision, amount)


def decide_write_off(
    state: DebtState, *, write_off_id: UUID, user_id: UUID, amount: Money, context: Context
) -> Decision:
    """Give up a debt, or a part of it; two persons have decided so.

    :raises DebtContestedError: while a chargeback behind it is not decided.
    :raises DebtTooLowError: when less than that is owed.
    """
    if state.contested:
        raise DebtContestedError
    if amount.amount > state.owed:
        raise DebtTooLowError
    journal = receivable_written_off(context.posting(), write_off_id=write_off_id, user_id=user_id, amount=amount)
    return Decision(
        journals=(journal,),
        messages=(
            balance_updated(user_id, context=context),
            balance_notice(user_id, "debt_written_off", facts={"amount": amount}, context=context),
        ),
    )
