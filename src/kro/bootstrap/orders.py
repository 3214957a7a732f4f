"""Orders, their prices and what is held for them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from kro.bootstrap.choosing import Choosing
from kro.bootstrap.foundation import Foundation
from kro.bootstrap.payments import Collecting
from kro.bootstrap.providers import Providers
from kro.core.auth.randomness import SystemRandomness
from kro.core.encryption import PageSigner
from kro.kro_balance.domain import (
    BalanceReads,
    FeeAdministration,
    FeeAdminRepository,
    QuoteRepository,
    QuoteService,
    QuoteTerms,
    StatementRepository,
    Statements,
)
from kro.order.domain import (
    AdminOrderRepository,
    AdminOrders,
    BlockRepository,
    Blocks,
    CloseReason,
    ConditionReviewRepository,
    ConditionReviews,
    CreationRepository,
    DisputeAdministration,
    DisputeFiles,
    DisputeReads,
    DisputeRules,
    EvidenceFiles,
    EvidenceRules,
    EvidenceService,
    FeePolicy,
    HandoverCodes,
    HandoverRepository,
    HandoverService,
    IssueReads,
    IssueService,
    OrderCodeRepository,
    OrderLists,
    OrderReads,
    OrderRepository,
    OrderRules,
    OrderService,
    OrderTimeouts,
    PublicOrders,
    RatingRepository,
    RatingService,
    ReportedMessages,
    Settling,
    TemplateAdministration,
    TemplateRepository,
    TestClock,
    ThreadRepository,
    ThreadService,
    UploadCleaning,
    UploadRepository,
)
from kro.refund.domain import record_wallet_refund


@dataclass(frozen=True, slots=True)
class Orders:
    """Every service of an order."""

    service: OrderService
    repository: OrderRepository
    reads: OrderReads
    evidence: EvidenceService
    upload_cleaning: UploadCleaning
    timeouts: OrderTimeouts
    issues: IssueService
    issue_reads: IssueReads
    test_clock: TestClock
    condition_reviews: ConditionReviews
    handovers: HandoverService
    template_administration: TemplateAdministration
    for_admins: AdminOrderRepository
    disputes: DisputeAdministration
    dispute_files: DisputeFiles
    quotes: QuoteService
    fee_administration: FeeAdministration
    balances: BalanceReads
    statements: Statements
    threads: ThreadService
    blocks: Blocks
    reported_messages: ReportedMessages
    lists: OrderLists
    admin_orders: AdminOrders
    ratings: RatingService
    public: PublicOrders

    def services(self) -> dict[str, object]:
        """Return what the routes ask for, by the names they ask with."""
        return {
            "fees": self.quotes,
            "fee_administration": self.fee_administration,
            "balances": self.balances,
            "orders": self.service,
            "order_repository": self.repository,
            "order_reads": self.reads,
            "evidence": self.evidence,
            "test_clock": self.test_clock,
            "issues": self.issues,
            "issue_reads": self.issue_reads,
            "condition_reviews": self.condition_reviews,
            "handovers": self.handovers,
            "template_administration": self.template_administration,
            "disputes": self.disputes,
            "dispute_files": self.dispute_files,
            "statements": self.statements,
            "threads": self.threads,
            "blocks": self.blocks,
            "reported_messages": self.reported_messages,
            "order_lists": self.lists,
            "admin_orders": self.admin_orders,
            "ratings": self.ratings,
            "public_orders": self.public,
        }


def build_orders(base: Foundation, providers: Providers, choosing: Choosing, collecting: Collecting) -> Orders:
    """Join what moves an order; before one expires, ``collecting`` asks the provider what it may have missed."""
    runner, clock, ids = base.runner, base.clock, base.ids
    repository, reads = OrderRepository(base.database), OrderReads(base.database)
    for_admins = AdminOrderRepository(base.database)
    quotes = QuoteRepository(base.database)
    return Orders(
        service=OrderService(
            runner=runner,
            orders=repository,
            creations=CreationRepository(base.database),
            rules=order_rules(base),
            board=choosing.board,
            refund_hook=record_wallet_refund,
            clock=clock,
            ids=ids,
        ),
        repository=repository,
        reads=reads,
        evidence=EvidenceService(
            runner=runner,
            orders=repository,
            reads=reads,
            store=providers.files,
            rules=evidence_rules(base),
            clock=clock,
            ids=ids,
        ),
        upload_cleaning=UploadCleaning(
            uploads=UploadRepository(base.database), files=EvidenceFiles(providers.files), clock=clock
        ),
        timeouts=OrderTimeouts(
            runner=runner,
            orders=repository,
            rules=order_rules(base),
            settling=Settling(fee_policy(base), record_wallet_refund),
            ask_providers=collecting.collections.refresh_order,
            clock=clock,
            ids=ids,
        ),
        issues=IssueService(
            runner=runner,
            orders=repository,
            rules=order_rules(base),
            settling=Settling(fee_policy(base), record_wallet_refund),
            clock=clock,
            ids=ids,
        ),
        issue_reads=IssueReads(base.database),
        test_clock=TestClock(base.database),
        condition_reviews=ConditionReviews(
            runner=runner, reviews=ConditionReviewRepository(base.database), clock=clock, ids=ids
        ),
        handovers=build_handovers(base, repository),
        template_administration=TemplateAdministration(
            runner=runner, templates=TemplateRepository(base.database), clock=clock, ids=ids
        ),
        for_admins=for_admins,
        disputes=DisputeAdministration(
            runner=runner, orders=for_admins, rules=dispute_rules(base), clock=clock, ids=ids
        ),
        dispute_files=DisputeFiles(
            reads=DisputeReads(base.database), store=providers.files, runner=runner, clock=clock, ids=ids
        ),
        quotes=QuoteService(runner=runner, quotes=quotes, terms=quote_terms(base), clock=clock, ids=ids),
        fee_administration=FeeAdministration(
            runner=runner, rules=FeeAdminRepository(base.database), clock=clock, ids=ids
        ),
        balances=BalanceReads(base.database),
        statements=Statements(StatementRepository(base.database), clock=clock),
        threads=ThreadService(
            runner=runner, threads=ThreadRepository(base.database), limiter=base.limiter, clock=clock, ids=ids
        ),
        blocks=Blocks(BlockRepository(base.database), clock=clock),
        reported_messages=ReportedMessages(base.database, ids=ids),
        lists=OrderLists(base.database),
        admin_orders=AdminOrders(base.database, ids=ids),
        public=public_orders(base),
        ratings=RatingService(runner=runner, ratings=RatingRepository(base.database), clock=clock, ids=ids),
    )


def public_orders(base: Foundation) -> PublicOrders:
    security = base.settings.security
    return PublicOrders(
        OrderCodeRepository(base.database),
        key=security.order_code_key.get_secret_value(),
        index=base.index,
        signer=PageSigner(key=security.page_signing_key.get_secret_value()),
        limiter=base.limiter,
        clock=base.clock,
    )


def build_handovers(base: Foundation, orders: OrderRepository) -> HandoverService:
    """Join what the handover code needs; it is kept under the key of one-time codes, which it is one of."""
    randomness = SystemRandomness()
    return HandoverService(
        runner=base.runner,
        orders=orders,
        handovers=HandoverRepository(base.database),
        codes=HandoverCodes(
            key=base.settings.security.otp_key.get_secret_value(), cipher=base.cipher, randomness=randomness
        ),
        randomness=randomness,
        limiter=base.limiter,
        rules=order_rules(base),
        app_url=base.settings.app.public_base_url,
        clock=base.clock,
        ids=base.ids,
    )


def order_rules(base: Foundation) -> OrderRules:
    orders, kyc = base.settings.orders, base.settings.kyc
    return OrderRules(
        accept_within=timedelta(hours=orders.accept_hours),
        fund_within=timedelta(hours=orders.fund_hours),
        goods_inspection_hours=orders.inspect_hours,
        service_inspection_hours=orders.service_inspect_hours,
        overdue_grace=timedelta(hours=orders.overdue_grace_hours),
        buyer_extension_hours=orders.buyer_extension_hours,
        revisions=orders.revisions,
        tier_currency=kyc.currency,
        tier_limits=tuple(tier.order_max_minor for tier in kyc.tiers),
        fee_policy=fee_policy(base),
        non_delivery_after=timedelta(days=orders.non_delivery_days),
        receipt_channels=orders.receipt_channels,
        receipt_extension=timedelta(hours=orders.receipt_extension_hours),
        receipt_extensions=orders.receipt_extensions,
        offer_within=timedelta(hours=orders.offer_hours),
        disputes=dispute_rules(base),
    )


def dispute_rules(base: Foundation) -> DisputeRules:
    disputes = base.settings.orders.disputes
    return DisputeRules(
        respond_within=timedelta(hours=disputes.respond_hours),
        negotiate_within=timedelta(hours=disputes.negotiate_hours),
        evidence_within=timedelta(hours=disputes.evidence_hours),
        decide_within=timedelta(days=disputes.decide_days),
        appeal_within=timedelta(hours=disputes.appeal_hours),
        appeal_decide_within=timedelta(days=disputes.appeal_decide_days),
        overdue_after=timedelta(days=disputes.overdue_days),
        second_admin_above=disputes.second_admin_above_minor,
    )


def evidence_rules(base: Foundation) -> EvidenceRules:
    evidence = base.settings.evidence
    return EvidenceRules(
        max_bytes=evidence.max_bytes,
        files_per_order=evidence.files_per_order,
        pending_per_user=evidence.pending_per_user,
        upload_within=timedelta(minutes=evidence.upload_minutes),
        complete_within=timedelta(minutes=evidence.complete_minutes),
        download_within=timedelta(minutes=evidence.download_minutes),
    )


def fee_policy(base: Foundation) -> FeePolicy:
    """Return what becomes of the buyer's fee, by the cause of a refund."""
    policy = base.settings.refunds.fee_policy
    return FeePolicy(frozenset(CloseReason(cause) for cause, fate in policy.items() if fate == "kept"))


def quote_terms(base: Foundation) -> QuoteTerms:
    return QuoteTerms(lifetime=timedelta(minutes=base.settings.fees.quote_minutes))
