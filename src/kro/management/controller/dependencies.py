from __future__ import annotations

from typing import Annotated, cast

from fastapi import Depends, Request

from kro.core.audit import AuditArchive, AuditChain, AuditSearch, AuditTrail
from kro.core.clock import Clock
from kro.core.database.invariants import Invariants
from kro.core.http import CursorSigner
from kro.core.messaging.channels import TextChannels
from kro.core.outbox import DeadLetters
from kro.core.outgoing.call_log import CallLog
from kro.management.domain import (
    Accounts,
    AdminAccess,
    BankAccounts,
    PayoutRequests,
    ProposalService,
    QueueReads,
    UserAdministration,
)
from kro.order.domain import DisputeAdministration, DisputeFiles
from kro.payment.domain import (
    AdminPayoutReads,
    PayerReads,
    PayoutResolutions,
    PayoutService,
    ProviderSwitches,
    ReconciliationBreaks,
    ReconciliationRuns,
    SafeguardingReads,
    StatementImports,
    SuspenseService,
    WebhookAdmin,
)
from kro.refund.domain import ChargebackService, ReceivableService


async def _accounts(request: Request) -> Accounts:
    return cast("Accounts", request.app.state.accounts)


async def _admin_access(request: Request) -> AdminAccess:
    return cast("AdminAccess", request.app.state.admin_access)


async def _bank_accounts(request: Request) -> BankAccounts:
    return cast("BankAccounts", request.app.state.bank_accounts)


async def _payout_requests(request: Request) -> PayoutRequests:
    return cast("PayoutRequests", request.app.state.payout_requests)


async def _payouts(request: Request) -> PayoutService:
    return cast("PayoutService", request.app.state.payouts)


async def _admin_payouts(request: Request) -> AdminPayoutReads:
    return cast("AdminPayoutReads", request.app.state.admin_payouts)


async def _payout_resolutions(request: Request) -> PayoutResolutions:
    return cast("PayoutResolutions", request.app.state.payout_resolutions)


async def _webhook_admin(request: Request) -> WebhookAdmin:
    return cast("WebhookAdmin", request.app.state.webhook_admin)


async def _dead_letters(request: Request) -> DeadLetters:
    return cast("DeadLetters", request.app.state.dead_letters)


async def _reconciliation(request: Request) -> Invariants:
    return cast("Invariants", request.app.state.reconciliation)


async def _chargebacks(request: Request) -> ChargebackService:
    return cast("ChargebackService", request.app.state.chargebacks)


async def _debts(request: Request) -> ReceivableService:
    return cast("ReceivableService", request.app.state.debts)


async def _suspense(request: Request) -> SuspenseService:
    return cast("SuspenseService", request.app.state.suspense)


async def _proposals(request: Request) -> ProposalService:
    return cast("ProposalService", request.app.state.proposals)


async def _statement_imports(request: Request) -> StatementImports:
    return cast("StatementImports", request.app.state.reconciliation_imports)


async def _reconciliation_runs(request: Request) -> ReconciliationRuns:
    return cast("ReconciliationRuns", request.app.state.reconciliation_runs)


async def _breaks(request: Request) -> ReconciliationBreaks:
    return cast("ReconciliationBreaks", request.app.state.reconciliation_breaks)


async def _safeguarding(request: Request) -> SafeguardingReads:
    return cast("SafeguardingReads", request.app.state.safeguarding)


async def _provider_switches(request: Request) -> ProviderSwitches:
    return cast("ProviderSwitches", request.app.state.provider_switches)


async def _payer_reads(request: Request) -> PayerReads:
    return cast("PayerReads", request.app.state.payer_reads)


async def _text_channels(request: Request) -> TextChannels:
    return cast("TextChannels", request.app.state.text_channels)


async def _call_log(request: Request) -> CallLog:
    return cast("CallLog", request.app.state.call_log)


async def _disputes(request: Request) -> DisputeAdministration:
    return cast("DisputeAdministration", request.app.state.disputes)


async def _dispute_files(request: Request) -> DisputeFiles:
    return cast("DisputeFiles", request.app.state.dispute_files)


async def _audit_trail(request: Request) -> AuditTrail:
    return cast("AuditTrail", request.app.state.audit_trail)


async def _audit_search(request: Request) -> AuditSearch:
    return cast("AuditSearch", request.app.state.audit_search)


async def _audit_archive(request: Request) -> AuditArchive:
    return cast("AuditArchive", request.app.state.audit_archive)


async def _audit_chain(request: Request) -> AuditChain:
    return cast("AuditChain", request.app.state.audit_chain)


async def _user_administration(request: Request) -> UserAdministration:
    return cast("UserAdministration", request.app.state.user_administration)


async def _queues(request: Request) -> QueueReads:
    return cast("QueueReads", request.app.state.queues)


async def _clock(request: Request) -> Clock:
    return cast("Clock", request.app.state.clock)


async def _cursors(request: Request) -> CursorSigner:
    return cast("CursorSigner", request.app.state.cursors)


AccountsDep = Annotated[Accounts, Depends(_accounts)]
AdminAccessDep = Annotated[AdminAccess, Depends(_admin_access)]
BankAccountsDep = Annotated[BankAccounts, Depends(_bank_accounts)]
PayoutRequestsDep = Annotated[PayoutRequests, Depends(_payout_requests)]
PayoutsDep = Annotated[PayoutService, Depends(_payouts)]
AdminPayoutsDep = Annotated[AdminPayoutReads, Depends(_admin_payouts)]
PayoutResolutionsDep = Annotated[PayoutResolutions, Depends(_payout_resolutions)]
WebhookAdminDep = Annotated[WebhookAdmin, Depends(_webhook_admin)]
DeadLettersDep = Annotated[DeadLetters, Depends(_dead_letters)]
ReconciliationDep = Annotated[Invariants, Depends(_reconciliation)]
ChargebacksDep = Annotated[ChargebackService, Depends(_chargebacks)]
DebtsDep = Annotated[ReceivableService, Depends(_debts)]
SuspenseDep = Annotated[SuspenseService, Depends(_suspense)]
ProposalsDep = Annotated[ProposalService, Depends(_proposals)]
StatementImportsDep = Annotated[StatementImports, Depends(_statement_imports)]
ReconciliationRunsDep = Annotated[ReconciliationRuns, Depends(_reconciliation_runs)]
BreaksDep = Annotated[ReconciliationBreaks, Depends(_breaks)]
SafeguardingDep = Annotated[SafeguardingReads, Depends(_safeguarding)]
ProviderSwitchesDep = Annotated[ProviderSwitches, Depends(_provider_switches)]
PayerReadsDep = Annotated[PayerReads, Depends(_payer_reads)]
TextChannelsDep = Annotated[TextChannels, Depends(_text_channels)]
CallLogDep = Annotated[CallLog, Depends(_call_log)]
DisputesDep = Annotated[DisputeAdministration, Depends(_disputes)]
DisputeFilesDep = Annotated[DisputeFiles, Depends(_dispute_files)]
AuditTrailDep = Annotated[AuditTrail, Depends(_audit_trail)]
AuditSearchDep = Annotated[AuditSearch, Depends(_audit_search)]
AuditArchiveDep = Annotated[AuditArchive, Depends(_audit_archive)]
AuditChainDep = Annotated[AuditChain, Depends(_audit_chain)]
UserAdministrationDep = Annotated[UserAdministration, Depends(_user_administration)]
QueuesDep = Annotated[QueueReads, Depends(_queues)]
ClockDep = Annotated[Clock, Depends(_clock)]
CursorsDep = Annotated[CursorSigner, Depends(_cursors)]
