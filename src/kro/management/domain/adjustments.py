"""What proposals about balances and journals change when they are approved; see :class:`Effect`."""

from __future__ import annotations

from kro.core.decisions import Decision
from kro.kro_balance.domain import BookedJournal, LedgerReads
from kro.management.database.adjustments import AdjustmentStore
from kro.management.database.proposal_records import Proposal, ProposalKind, Terms
from kro.management.domain.decide_adjustment import (
    decide_adjustment,
    decide_goodwill,
    decide_reversal,
    proposed_money,
)
from kro.payment.domain import Context


class AdjustmentEffect:
    kind = ProposalKind.ADJUSTMENT

    def __init__(self, store: AdjustmentStore) -> None:
        self._store = store

    async def load(self, terms: Terms) -> int:
        """Return what the user has, in minor units."""
        return await self._store.available(terms.beneficiary_id, proposed_money(terms).currency)

    def decide(self, state: int, proposal: Proposal, *, context: Context) -> Decision:
        return decide_adjustment(state, proposal, context=context)


class GoodwillEffect:
    kind = ProposalKind.GOODWILL

    async def load(self, terms: Terms) -> None:
        """Load nothing: giving depends on nothing but the two persons."""

    def decide(self, state: None, proposal: Proposal, *, context: Context) -> Decision:  # noqa: ARG002 - as above
        return decide_goodwill(proposal, context=context)


class ReversalEffect:
    kind = ProposalKind.JOURNAL_REVERSAL

    def __init__(self, ledger: LedgerReads) -> None:
        self._ledger = ledger

    async def load(self, terms: Terms) -> BookedJournal | None:
        """Return the journal as it was booked."""
        return await self._ledger.journal(terms.subject_id) if terms.subject_id else None

    def decide(self, state: BookedJournal | None, proposal: Proposal, *, context: Context) -> Decision:  # noqa: ARG002 - the journal says all
        return decide_reversal(state, context=context)
