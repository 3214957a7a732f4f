"""Saying where the money lies that opened the books: at one of our banks, or at a provider."""

from __future__ import annotations

from enum import StrEnum

from kro.core.decisions import Decision
from kro.core.errors import ErrorKind, KroError
from kro.core.money import Money
from kro.kro_balance.domain import External, OpeningReads, OpeningStanding, opening_account, opening_transferred
from kro.management.database.proposal_records import Proposal, ProposalKind, Terms
from kro.management.domain.decide_adjustment import Why, proposed_money
from kro.management.domain.proposal_needs import EXCEPTIONS
from kro.payment.domain import Context, Side, StatementAccountError, StatementAccounts


class OpeningReason(StrEnum):
    MONEY_ARRIVED = "money_arrived"
    ACCOUNT_TAKEN_OVER = "account_taken_over"


class OpeningTooLowError(KroError):
    """The opening balances that have no place yet are less than this."""

    kind = ErrorKind.CONFLICT
    code = "opening_too_low"


class OpeningReferenceUsedError(KroError):
    """This movement of the statement has been booked against the opening balances already."""

    kind = ErrorKind.CONFLICT
    code = "opening_reference_used"


def opening_transfer_terms(*, amount: Money, side: Side, account: str, reference: str, why: Why) -> Terms:
    """Return the proposal to book that ``amount`` lies at ``account``, by the reference of its statement.

    It is about the currency's opening account, so one at a time is open for each currency.
    """
    return Terms(
        kind=ProposalKind.OPENING_TRANSFER,
        subject_id=opening_account(amount.currency).id,
        beneficiary_id=None,
        payload={
            "amount": amount.amount,
            "currency": amount.currency,
            "side": side,
            "account": account,
            "statement_reference": reference,
        },
        reason_code=why.reason,
        ticket=why.ticket,
        note=why.note,
    )


def decide_opening_transfer(state: OpeningStanding, proposal: Proposal, *, context: Context) -> Decision:
    """Move a part of the opening account to where its money is.

    :raises OpeningReferenceUsedError: when the movement is booked already.
    :raises OpeningTooLowError: when that is more than what has no place yet.
    """
    amount, payload = proposed_money(proposal.terms), proposal.terms.payload
    if state.is_booked:
        raise OpeningReferenceUsedError
    if state.remaining < amount.amount:
        raise OpeningTooLowError
    journal = opening_transferred(
        context.posting(),
        transfer_id=proposal.id,
        amount=amount,
        external=External(payload["account"], payload["statement_reference"]),
        is_bank=payload["side"] == Side.BANK,
    )
    return Decision(journals=(journal,))


class OpeningTransferEffect:
    kind = ProposalKind.OPENING_TRANSFER
    needs = EXCEPTIONS

    def __init__(self, openings: OpeningReads, accounts: StatementAccounts) -> None:
        self._openings = openings
        self._accounts = accounts

    async def load(self, terms: Terms) -> OpeningStanding:
        """Return how the opening account stands.

        :raises StatementAccountError: when the place is none of ours, or keeps another currency.
        """
        payload, currency = terms.payload, proposed_money(terms).currency
        side, account = Side(payload["side"]), payload["account"]
        self._accounts.ensure_known(side, account)
        if self._accounts.currency_of(side, account) not in {None, currency}:
            raise StatementAccountError
        return await self._openings.standing(
            opening_account(currency).id, place=account, reference=payload["statement_reference"]
        )

    def decide(self, state: OpeningStanding, proposal: Proposal, *, context: Context) -> Decision:
        return decide_opening_transfer(state, proposal, context=context)
