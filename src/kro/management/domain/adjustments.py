"""What proposals change when they are approved: balances, journals, debts, unmatched money; see :class:`Effect`."""

from __future__ import annotations

from kro.core.decisions import Decision
from kro.kro_balance.domain import BookedJournal, LedgerReads
from kro.management.database.adjustments import AdjustmentStore
from kro.management.database.proposal_records import Proposal, ProposalKind, Terms
from kro.management.domain.decide_adjustment import (
    beneficiary_of,
    decide_adjustment,
    decide_goodwill,
    decide_reversal,
    proposed_money,
)
from kro.management.domain.proposal_needs import EXCEPTIONS
from kro.payment.domain import (
    Context,
    SuspenseItem,
    SuspenseRepository,
    decide_suspense_credit,
    decide_suspense_return,
)
from kro.refund.domain import DebtState, ReceivableRepository, decide_write_off


class AdjustmentEffect:
    kind = ProposalKind.ADJUSTMENT
    needs = EXCEPTIONS

    def __init__(self, store: AdjustmentStore) -> None:
        self._store = store

    async def load(self, terms: Terms) -> int:
        """Return what the user has, in minor units."""
        return await self._store.available(terms.beneficiary_id, proposed_money(terms).currency)

    def decide(self, state: int, proposal: Proposal, *, context: Context) -> Decision:
        return decide_adjustment(state, proposal, context=context)


class GoodwillEffect:
    kind = ProposalKind.GOODWILL
    needs = EXCEPTIONS

    async def load(self, terms: Terms) -> None:
        """Load nothing: giving depends on nothing but the two persons."""

    def decide(self, state: None, proposal: Proposal, *, context: Context) -> Decision:  # noqa: ARG002 - as above
        return decide_goodwill(proposal, context=context)


class ReversalEffect:
    kind = ProposalKind.JOURNAL_REVERSAL
    needs = EXCEPTIONS

    def __init__(self, ledger: LedgerReads) -> None:
        self._ledger = ledger

    async def load(self, terms: Terms) -> BookedJournal | None:
        """Return the journal as it was booked."""
        return await self._ledger.journal(terms.subject_id) if terms.subject_id else None

    def decide(self, state: BookedJournal | None, proposal: Proposal, *, context: Context) -> Decision:  # noqa: ARG002 - the journal says all
        return decide_reversal(state, context=context)


class WriteOffEffect:
    kind = ProposalKind.RECEIVABLE_WRITE_OFF
    needs = EXCEPTIONS

    def __init__(self, receivables: ReceivableRepository) -> None:
        self._receivables = receivables

    async def load(self, terms: Terms) -> DebtState:
        """Return what the user owes."""
        return await self._receivables.state(beneficiary_of(terms), proposed_money(terms).currency)

    def decide(self, state: DebtState, proposal: Proposal, *, context: Context) -> Decision:
        return decide_write_off(
            state,
            write_off_id=proposal.id,
            user_id=beneficiary_of(proposal.terms),
            amount=proposed_money(proposal.terms),
            context=context,
        )


class SuspenseCreditEffect:
    kind = ProposalKind.SUSPENSE_CREDIT
    needs = EXCEPTIONS

    def __init__(self, items: SuspenseRepository) -> None:
        self._items = items

    async def load(self, terms: Terms) -> SuspenseItem | None:
        """Return the item as it is."""
        return await self._items.one(terms.subject_id) if terms.subject_id else None

    def decide(self, state: SuspenseItem | None, proposal: Proposal, *, context: Context) -> Decision:
        return decide_suspense_credit(state, user_id=beneficiary_of(proposal.terms), context=context)


class SuspenseReturnEffect:
    kind = ProposalKind.SUSPENSE_RETURN
    needs = EXCEPTIONS

    def __init__(self, items: SuspenseRepository) -> None:
        self._items = items

    async def load(self, terms: Terms) -> tuple[SuspenseItem | None, bool]:
        """Return the item as it is, and whether something was sent back under the reference already."""
        if terms.subject_id is None:
            return None, False
        # The reference comes first: read after the item, this very item's return would look like another's.
        used = await self._items.return_is_booked(terms.subject_id, terms.payload["return_reference"])
        return await self._items.one(terms.subject_id), used

    def decide(self, state: tuple[SuspenseItem | None, bool], proposal: Proposal, *, context: Context) -> Decision:
        item, used = state
        return decide_suspense_return(
            item,
            return_reference=proposal.terms.payload["return_reference"],
            reference_is_used=used,
            context=context,
        )
