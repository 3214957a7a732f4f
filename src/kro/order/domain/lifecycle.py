"""The order's lifecycle as one table: who may do what in which status, and where it leads.

Controllers, worker and webhooks all pass :func:`ensure_allowed`; nobody sets a status by hand. ``code`` is the row of
the lifecycle contract. A row without a target leaves the status as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from kro.order.database.records import Order, OrderState
from kro.order.database.words import Command, OrderStatus, Party
from kro.order.domain.errors import IllegalTransitionError, OrderOnHoldError, WrongPartyError


class Who(StrEnum):
    BUYER = "buyer"
    SELLER = "seller"
    EITHER = "either"
    PROPOSER = "proposer"
    OTHER_PARTY = "other_party"
    SYSTEM = "system"
    ADMIN = "admin"

    def includes(self, party: Party, order: Order) -> bool:
        match self:
            case Who.EITHER:
                return party.is_trader
            case Who.PROPOSER:
                return party is order.proposed_by
            case Who.OTHER_PARTY:
                return party is order.proposed_by.other
            case _:
                return party == self.value


@dataclass(frozen=True, slots=True)
class Transition:
    """One row of the contract. Where it may lead to two statuses, the money decides: see :attr:`Order.given_back`."""

    code: str
    command: Command
    sources: frozenset[OrderStatus]
    who: Who
    targets: tuple[OrderStatus, ...] = ()
    moves_money: bool = False
    needs_proof: bool = False
    """Whether the buyer has to prove anew who asks, above the threshold: money goes to the seller by their word."""
    binds: bool = False
    """Whether it commits the actor's money. Like what moves money at once, nobody may whose account is frozen."""


def _row(
    code: str,
    command: Command,
    sources: tuple[OrderStatus, ...],
    who: Who,
    *targets: OrderStatus,
    moves_money: bool = False,
    needs_proof: bool = False,
    binds: bool = False,
) -> Transition:
    binds = binds or moves_money or needs_proof
    return Transition(code, command, frozenset(sources), who, targets, moves_money, needs_proof, binds)


S = OrderStatus
C = Command
_LATE: Final = (S.EXPIRED, S.CANCELLED, S.DECLINED)
_FUNDED: Final = (S.IN_PROGRESS, S.COMPLETED, S.ISSUE_REPORTED, S.DISPUTED)
_RUNNING: Final = (S.IN_PROGRESS, S.COMPLETED)
# A payment may be contested long after its order has ended, or before the order was funded by it.
_PAID_FOR: Final = (S.ACCEPTED, *_FUNDED, S.CLOSED, S.REFUNDED, *_LATE)
_BACK: Final = (S.REFUNDED, S.CLOSED)

LIFECYCLE: Final[tuple[Transition, ...]] = (
    _row("T02", C.EDIT_TERMS, (S.CREATED,), Who.PROPOSER, binds=True),
    _row("T03", C.COUNTER_OFFER, (S.CREATED,), Who.OTHER_PARTY, binds=True),
    _row("T04", C.DECLINE, (S.CREATED,), Who.OTHER_PARTY, S.DECLINED),
    _row("T05", C.CANCEL, (S.CREATED,), Who.PROPOSER, S.CANCELLED),
    _row("T06", C.ACCEPT_TIMEOUT, (S.CREATED,), Who.SYSTEM, S.EXPIRED),
    _row("T07", C.ACCEPT, (S.CREATED,), Who.OTHER_PARTY, S.ACCEPTED, binds=True),
    _row("T08", C.CANCEL, (S.ACCEPTED,), Who.EITHER, S.CANCELLED),
    _row("T09", C.FUND_TIMEOUT, (S.ACCEPTED,), Who.SYSTEM, S.EXPIRED),
    _row("T10", C.PARTIAL_RECEIPT, (S.ACCEPTED,), Who.SYSTEM),
    _row("T11", C.FUND, (S.ACCEPTED,), Who.BUYER, S.IN_PROGRESS, moves_money=True),
    _row("T11", C.FUNDED, (S.ACCEPTED,), Who.SYSTEM, S.IN_PROGRESS, moves_money=True),
    _row("T12", C.LATE_RECEIPT, _LATE, Who.SYSTEM),
    _row("T13", C.ADD_EVIDENCE, _FUNDED, Who.EITHER),
    _row("T13", C.SUBMIT_CONDITION, (S.IN_PROGRESS,), Who.SELLER),
    _row("T13", C.CONFIRM_CONDITION, _RUNNING, Who.EITHER, S.CLOSED, needs_proof=True),
    _row("T13", C.CONFIRM_CONDITION, _RUNNING, Who.ADMIN, S.CLOSED),
    _row("T13", C.CONFIRM_CONDITION, _RUNNING, Who.SYSTEM, S.CLOSED),
    _row("T13", C.REJECT_CONDITION, (S.IN_PROGRESS,), Who.BUYER),
    _row("T13", C.REJECT_CONDITION, _RUNNING, Who.ADMIN),
    _row("T13", C.WAIVE_CONDITION, _RUNNING, Who.BUYER),
    _row("T14", C.PROPOSE_AMENDMENT, (S.IN_PROGRESS,), Who.EITHER, needs_proof=True),
    _row("T14", C.WITHDRAW_AMENDMENT, (S.IN_PROGRESS,), Who.EITHER),
    _row("T14", C.DECLINE_AMENDMENT, (S.IN_PROGRESS,), Who.EITHER),
    _row("T14", C.ACCEPT_AMENDMENT, (S.IN_PROGRESS,), Who.EITHER, moves_money=True, needs_proof=True),
    _row("T15", C.COMPLETE, (S.IN_PROGRESS,), Who.SELLER, S.COMPLETED),
    _row("T16", C.RENEW_HANDOVER_CODE, (S.IN_PROGRESS,), Who.BUYER, needs_proof=True),
    _row("T16", C.ENTER_HANDOVER_CODE, (S.IN_PROGRESS,), Who.SELLER, S.COMPLETED, S.CLOSED, moves_money=True),
    _row("T16", C.ENTER_HANDOVER_CODE, (S.IN_PROGRESS,), Who.SYSTEM, S.COMPLETED, S.CLOSED, moves_money=True),
    _row("T17", C.SELLER_CANCEL, (S.IN_PROGRESS,), Who.SELLER, *_BACK, moves_money=True),
    _row("T18", C.MAKE_OFFER, (*_RUNNING, S.ISSUE_REPORTED), Who.EITHER, needs_proof=True),
    _row("T18", C.WITHDRAW_OFFER, (*_RUNNING, S.ISSUE_REPORTED), Who.EITHER),
    _row("T18", C.DECLINE_OFFER, (*_RUNNING, S.ISSUE_REPORTED), Who.EITHER),
    _row("T18", C.ACCEPT_OFFER, _RUNNING, Who.EITHER, *_BACK, moves_money=True, needs_proof=True),
    _row("T19", C.CANCEL_OVERDUE, (S.IN_PROGRESS,), Who.BUYER, *_BACK, moves_money=True),
    _row("T20", C.NON_DELIVERY, (S.IN_PROGRESS,), Who.SYSTEM, *_BACK, moves_money=True),
    _row("T21", C.REPORT_ISSUE, _RUNNING, Who.EITHER, S.ISSUE_REPORTED),
    _row("T21", C.REPORT_ISSUE, (S.COMPLETED,), Who.SYSTEM, S.ISSUE_REPORTED),
    _row("T21", C.ANSWER_ISSUE, (S.ISSUE_REPORTED,), Who.EITHER),
    _row("T22", C.APPROVE, (S.COMPLETED,), Who.BUYER, S.CLOSED, moves_money=True, needs_proof=True),
    _row("T23", C.INSPECTION_TIMEOUT, (S.COMPLETED,), Who.SYSTEM, S.CLOSED, S.ISSUE_REPORTED, moves_money=True),
    _row("T24", C.REQUEST_CHANGES, (S.COMPLETED,), Who.BUYER, S.IN_PROGRESS),
    _row("T25", C.PARTIAL_RELEASE, (S.COMPLETED,), Who.BUYER, moves_money=True, needs_proof=True),
    _row("T26", C.EXTEND_INSPECTION, (S.COMPLETED,), Who.EITHER),
    _row("T27", C.ACCEPT_OFFER, (S.ISSUE_REPORTED,), Who.EITHER, *_BACK, moves_money=True, needs_proof=True),
    _row("T28", C.CONCEDE, (S.ISSUE_REPORTED,), Who.SELLER, *_BACK, moves_money=True),
    _row("T29", C.WITHDRAW_ISSUE, (S.ISSUE_REPORTED,), Who.EITHER, *_RUNNING),
    _row("T30", C.ESCALATE, (S.ISSUE_REPORTED,), Who.EITHER, S.DISPUTED),
    _row("T30", C.ESCALATE, (S.ISSUE_REPORTED,), Who.SYSTEM, S.DISPUTED),
    _row("T31", C.ADD_STATEMENT, (S.DISPUTED,), Who.EITHER),
    _row("T31", C.ADD_STATEMENT, (S.DISPUTED,), Who.ADMIN),
    _row("T31", C.REQUEST_INFO, (S.DISPUTED,), Who.ADMIN),
    _row("T31", C.ASSIGN, (S.DISPUTED,), Who.ADMIN),
    _row("T32", C.DECIDE, (S.DISPUTED,), Who.ADMIN),
    _row("T33", C.APPEAL, (S.DISPUTED,), Who.EITHER),
    _row("T34", C.WAIVE_APPEAL, (S.DISPUTED,), Who.EITHER, *_BACK, moves_money=True, needs_proof=True),
    _row("T34", C.DECISION_EFFECTIVE, (S.DISPUTED,), Who.SYSTEM, *_BACK, moves_money=True),
    _row("T35", C.DECISION_OVERDUE, (S.DISPUTED,), Who.SYSTEM, *_BACK, moves_money=True),
    _row("T36", C.PLACE_HOLD, _FUNDED, Who.ADMIN),
    _row("T36", C.LIFT_HOLD, _FUNDED, Who.ADMIN),
    _row("T36", C.PLACE_HOLD, _FUNDED, Who.SYSTEM),
    _row("T36", C.LIFT_HOLD, _FUNDED, Who.SYSTEM),
    _row("T36", C.CHARGEBACK_OPENED, _PAID_FOR, Who.SYSTEM),
    _row("T36", C.CHARGEBACK_WON, _PAID_FOR, Who.SYSTEM),
    _row("T36", C.CHARGEBACK_LOST, _FUNDED, Who.SYSTEM, *_BACK),
    _row("T36", C.CHARGEBACK_LOST, (S.ACCEPTED, S.CLOSED, S.REFUNDED, *_LATE), Who.SYSTEM),
    _row("T37", C.REFUND_HELD, _RUNNING, Who.SYSTEM, *_BACK, moves_money=True),
)


def ensure_allowed(state: OrderState, command: Command, party: Party) -> Transition:
    """Return the row of the table that applies.

    :raises IllegalTransitionError: when the order's status has no row for the command.
    :raises WrongPartyError: when another party has to do it.
    :raises AccountRestrictedError: when it would commit or move money of an actor whose account is frozen.
    :raises OrderOnHoldError: when money would move while the order is held.
    """
    order = state.order
    rows = [row for row in LIFECYCLE if row.command is command and order.status in row.sources]
    if not rows:
        raise IllegalTransitionError(order.status, command)
    for row in rows:
        if row.who.includes(party, order):
            if row.binds and state.standing is not None:
                state.standing.ensure_unrestricted()
            if row.moves_money and state.is_held:
                raise OrderOnHoldError
            return row
    raise WrongPartyError


def allowed_commands(state: OrderState, party: Party) -> tuple[Command, ...]:
    """Return what a party may do now, in the table's order; guards beyond status and party may still refuse."""
    return tuple(
        dict.fromkeys(
            row.command
            for row in LIFECYCLE
            if state.order.status in row.sources
            and row.who.includes(party, state.order)
            and not (row.moves_money and state.is_held)
        )
    )
