"""What admins send and see of proposals."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import Field

from kro.core.decisions import Reply
from kro.core.http import Input, Line, MoneyIn, MoneyOut, Output, PageQuery, id_text
from kro.core.ids import read_id, show_id
from kro.core.money import Money
from kro.management.controller.inputs import Code
from kro.management.domain import (
    AdjustmentReason,
    Direction,
    GoodwillReason,
    OpeningReason,
    Proposal,
    ProposalKind,
    ProposalStatus,
    ReversalReason,
    SuspenseCreditReason,
    SuspenseReturnReason,
    Terms,
    Why,
    WriteOffReason,
    adjustment_terms,
    goodwill_terms,
    hold_lift_terms,
    opening_transfer_terms,
    proposal_hash,
    reversal_terms,
    suspense_credit_terms,
    suspense_return_terms,
    write_off_terms,
)
from kro.order.domain import LiftReason
from kro.payment.domain import Side

UserId = Annotated[str, id_text("usr")]
_SUBJECT_PREFIX = {
    ProposalKind.JOURNAL_REVERSAL: "jrn",
    ProposalKind.RECEIVABLE_WRITE_OFF: "usr",
    ProposalKind.SUSPENSE_CREDIT: "sus",
    ProposalKind.SUSPENSE_RETURN: "sus",
    ProposalKind.DISPUTE_DECISION: "iss",
    ProposalKind.HOLD_LIFT: "hld",
    ProposalKind.FREEZE_LIFT: "frz",
}


class ProposalQuery(PageQuery):
    status: ProposalStatus | None = None
    kind: ProposalKind | None = None


class Reasoned(Input):
    """What every proposal says beside its numbers."""

    ticket: str = Field(min_length=1, max_length=60, pattern=r"^[\w\-#/.]+$", description="Where it is discussed.")
    note: Line = Field(description="Why, in a sentence or two.")

    def why(self, reason: str) -> Why:
        return Why(reason=reason, ticket=self.ticket, note=self.note)


class AdjustmentIn(Reasoned):
    user_id: UserId
    amount: MoneyIn
    direction: Direction
    reason: AdjustmentReason

    def terms(self) -> Terms:
        return adjustment_terms(
            user_id=read_id("usr", self.user_id),
            amount=self.amount.to_money(),
            direction=self.direction,
            why=self.why(self.reason),
        )


class GoodwillIn(Reasoned):
    user_id: UserId
    amount: MoneyIn
    reason: GoodwillReason

    def terms(self) -> Terms:
        return goodwill_terms(
            user_id=read_id("usr", self.user_id), amount=self.amount.to_money(), why=self.why(self.reason)
        )


class WriteOffIn(Reasoned):
    user_id: UserId
    amount: MoneyIn = Field(description="All that the user owes, or a part of it.")
    reason: WriteOffReason

    def terms(self) -> Terms:
        return write_off_terms(
            user_id=read_id("usr", self.user_id), amount=self.amount.to_money(), why=self.why(self.reason)
        )


class JournalReversalIn(Reasoned):
    journal_id: Annotated[str, id_text("jrn")]
    reason: ReversalReason

    def terms(self) -> Terms:
        return reversal_terms(journal_id=read_id("jrn", self.journal_id), why=self.why(self.reason))


class SuspenseCreditIn(Reasoned):
    item_id: Annotated[str, id_text("sus")]
    user_id: UserId = Field(description="Whose money it is.")
    reason: SuspenseCreditReason

    def terms(self) -> Terms:
        return suspense_credit_terms(
            item_id=read_id("sus", self.item_id), user_id=read_id("usr", self.user_id), why=self.why(self.reason)
        )


class SuspenseReturnIn(Reasoned):
    item_id: Annotated[str, id_text("sus")]
    return_reference: str = Field(
        min_length=1, max_length=100, pattern=r"^[!-~]+$", description="The provider's id of what was sent back."
    )
    reason: SuspenseReturnReason

    def terms(self) -> Terms:
        return suspense_return_terms(
            item_id=read_id("sus", self.item_id),
            return_reference=self.return_reference,
            why=self.why(self.reason),
        )


class OpeningTransferIn(Reasoned):
    amount: MoneyIn
    side: Side = Field(description="Whether it lies at one of our banks or at a provider.")
    account: str = Field(pattern=r"^[a-z0-9-]{1,40}$", description="The bank account's or the provider's name.")
    statement_reference: str = Field(
        min_length=1, max_length=100, pattern=r"^[!-~]+$", description="What the statement calls the movement."
    )
    reason: OpeningReason

    def terms(self) -> Terms:
        return opening_transfer_terms(
            amount=self.amount.to_money(),
            side=self.side,
            account=self.account,
            reference=self.statement_reference,
            why=self.why(self.reason),
        )


class HoldLiftIn(Reasoned):
    reason: LiftReason

    def terms(self, hold_id: UUID) -> Terms:
        return hold_lift_terms(hold_id=hold_id, why=self.why(self.reason))


class ApproveProposalIn(Input):
    totp: Code = Field(description="A fresh code of the authenticator, used for nothing else.")
    proposal_hash: str = Field(
        pattern=r"^[0-9a-f]{64}$", description="`proposal_hash` of the proposal as it was shown to you."
    )


class RejectProposalIn(Input):
    reason: Line


class ProposalRead(Output):
    """Something no single person may do."""

    id: str = Field(examples=["prp_01kajz7k3nf9b8r2m4q6s8t0vw"])
    kind: ProposalKind
    status: ProposalStatus
    subject_id: str | None = Field(description="The journal, debtor, item, dispute or hold it is about.")
    user_id: str | None = Field(description="Whose balance or debt it changes.")
    amount: MoneyOut | None
    direction: Direction | None
    return_reference: str | None
    side: Side | None = Field(description="Whether the money lies at a bank or at a provider.")
    account: str | None = Field(description="The name of the bank account or provider where it lies.")
    statement_reference: str | None
    reason: str
    ticket: str
    note: str
    proposed_by: str
    created_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    rejection_reason: str | None
    proposal_hash: str = Field(description="What an approval has to repeat.")

    @classmethod
    def of(cls, proposal: Proposal) -> Self:
        terms = proposal.terms
        payload: Any = terms.payload
        prefix = _SUBJECT_PREFIX.get(terms.kind)
        return cls(
            id=show_id("prp", proposal.id),
            kind=terms.kind,
            status=proposal.status,
            subject_id=show_id(prefix, terms.subject_id) if prefix and terms.subject_id else None,
            user_id=show_id("usr", terms.beneficiary_id) if terms.beneficiary_id else None,
            amount=MoneyOut.of(Money(payload["amount"], payload["currency"])) if "amount" in payload else None,
            direction=payload.get("direction"),
            return_reference=payload.get("return_reference"),
            side=payload.get("side"),
            account=payload.get("account"),
            statement_reference=payload.get("statement_reference"),
            reason=terms.reason_code,
            ticket=terms.ticket,
            note=terms.note,
            proposed_by=show_id("adm", proposal.proposed_by),
            created_at=proposal.created_at,
            decided_by=show_id("adm", proposal.decided_by) if proposal.decided_by else None,
            decided_at=proposal.decided_at,
            rejection_reason=proposal.rejection_reason,
            proposal_hash=proposal_hash(proposal),
        )


def render_proposal(proposal: Proposal, *, status: int = 200) -> Reply:
    read = ProposalRead.of(proposal)
    return Reply(status=status, body=read.__pydantic_serializer__.to_json(read))
