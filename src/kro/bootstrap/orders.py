"""Orders, their prices and what is held for them."""

from __future__ import annotations

from dataclasses import dataclass

from kro.bootstrap.choosing import Choosing
from kro.bootstrap.foundation import Foundation
from kro.bootstrap.order_rules import dispute_rules, evidence_rules, fee_policy, order_rules, quote_terms
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
    StatementRepository,
    Statements,
)
from kro.order.domain import (
    AdminOrderRepository,
    AdminOrders,
    BlockRepository,
    Blocks,
    ConditionReviewRepository,
    ConditionReviews,
    CreationRepository,
    DisputeAdministration,
    DisputeFiles,
    DisputeReads,
    EvidenceFiles,
    EvidenceService,
    HandoverCodes,
    HandoverRepository,
    HandoverService,
    InviteReads,
    Invites,
    IssueReads,
    IssueService,
    KeptLinks,
    OrderCodeRepository,
    OrderLists,
    OrderReads,
    OrderRepository,
    OrderService,
    OrderTimeouts,
    PublicOrders,
    RatingRepository,
    RatingService,
    ReportedMessages,
    Settling,
    TemplateAdministration,
    TemplateRepository,
    TermsReads,
    TermsService,
    TestClock,
    ThreadRepository,
    ThreadService,
    UploadCleaning,
    UploadRepository,
)
from kro.refund.domain import record_wallet_refund
from kro.verification.domain import MagicLinks


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
    terms: TermsService
    terms_reads: TermsReads
    invites: Invites
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
            "terms": self.terms,
            "invites": self.invites,
            "terms_reads": self.terms_reads,
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
    evidence = base.settings.messaging.receipt_evidence.states
    repository, reads = OrderRepository(base.database, evidence=evidence), OrderReads(base.database)
    for_admins = AdminOrderRepository(base.database)
    quotes = QuoteRepository(base.database)
    return Orders(
        service=_commands(base, choosing, repository),
        repository=repository,
        reads=reads,
        evidence=_evidence(base, providers, repository, reads),
        upload_cleaning=UploadCleaning(
            uploads=UploadRepository(base.database), files=EvidenceFiles(providers.files), clock=clock
        ),
        timeouts=_timeouts(base, collecting, repository),
        issues=_issues(base, repository),
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
        terms=TermsService(
            runner=runner,
            orders=repository,
            rules=order_rules(base),
            tiers=base.tiers,
            step_up=base.step_up,
            clock=clock,
            ids=ids,
        ),
        terms_reads=TermsReads(base.database),
        invites=Invites(InviteReads(base.database), limiter=base.limiter),
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
        step_up=base.step_up,
        app_url=base.settings.app.public_base_url,
        clock=base.clock,
        ids=base.ids,
    )


def _commands(base: Foundation, choosing: Choosing, repository: OrderRepository) -> OrderService:
    return OrderService(
        runner=base.runner,
        orders=repository,
        creations=CreationRepository(base.database),
        rules=order_rules(base),
        tiers=base.tiers,
        board=choosing.board,
        refund_hook=record_wallet_refund,
        links=MagicLinks(cipher=base.cipher, randomness=SystemRandomness(), ids=base.ids),
        step_up=base.step_up,
        clock=base.clock,
        ids=base.ids,
    )


def _evidence(
    base: Foundation, providers: Providers, repository: OrderRepository, reads: OrderReads
) -> EvidenceService:
    return EvidenceService(
        runner=base.runner,
        orders=repository,
        reads=reads,
        store=providers.files,
        links=KeptLinks(base.cipher),
        rules=evidence_rules(base),
        clock=base.clock,
        ids=base.ids,
    )


def _timeouts(base: Foundation, collecting: Collecting, repository: OrderRepository) -> OrderTimeouts:
    return OrderTimeouts(
        runner=base.runner,
        orders=repository,
        rules=order_rules(base),
        settling=Settling(fee_policy(base), record_wallet_refund),
        ask_providers=collecting.collections.refresh_order,
        clock=base.clock,
        ids=base.ids,
    )


def _issues(base: Foundation, repository: OrderRepository) -> IssueService:
    return IssueService(
        runner=base.runner,
        orders=repository,
        rules=order_rules(base),
        settling=Settling(fee_policy(base), record_wallet_refund),
        limiter=base.limiter,
        step_up=base.step_up,
        clock=base.clock,
        ids=base.ids,
    )
