"""People, their bank accounts, and admins, over HTTP."""

from kro.core.http import Router
from kro.management.controller import (
    account_endings,
    admin_admins,
    admin_audit,
    admin_auth,
    admin_breaks,
    admin_channels,
    admin_conditions,
    admin_disputes,
    admin_exceptions,
    admin_fees,
    admin_holds,
    admin_kyc,
    admin_messages,
    admin_notifications,
    admin_operations,
    admin_orders,
    admin_payments,
    admin_payouts,
    admin_proposals,
    admin_providers,
    admin_reconciliation,
    admin_refunds,
    admin_reports,
    admin_sanctions,
    admin_stuck_payouts,
    admin_templates,
    admin_tiers,
    admin_user_care,
    admin_users,
    admin_workplace,
    auth,
    bank_accounts,
    contact_changes,
    data_exports,
    invites,
    kyc,
    link_pages,
    notifications,
    passwords,
    payouts,
    profiles,
    two_factor,
)

router = Router()
router.include_router(data_exports.router)
router.include_router(account_endings.router)
router.include_router(auth.router)
router.include_router(two_factor.router)
router.include_router(profiles.router)
router.include_router(bank_accounts.router)
router.include_router(invites.router)
router.include_router(passwords.router)
router.include_router(contact_changes.router)
router.include_router(link_pages.router)
router.include_router(notifications.router)
router.include_router(payouts.router)
router.include_router(admin_auth.router)
router.include_router(admin_admins.router)
# Before the routes with a payout in their path: "stuck" is none.
router.include_router(admin_stuck_payouts.router)
router.include_router(admin_conditions.router)
router.include_router(admin_templates.router)
router.include_router(admin_fees.router)
router.include_router(admin_payouts.router)
router.include_router(admin_payments.router)
router.include_router(admin_refunds.router)
router.include_router(admin_exceptions.router)
router.include_router(admin_proposals.router)
router.include_router(admin_disputes.router)
router.include_router(admin_holds.router)
router.include_router(admin_providers.router)
router.include_router(admin_channels.router)
router.include_router(admin_operations.router)
router.include_router(admin_reconciliation.router)
router.include_router(admin_breaks.router)
router.include_router(admin_reports.router)
router.include_router(admin_messages.router)
router.include_router(admin_notifications.router)
router.include_router(admin_orders.router)
router.include_router(admin_audit.router)
# Before the routes with a check in their path: "tiers" is none.
router.include_router(admin_tiers.router)
router.include_router(admin_users.router)
router.include_router(admin_user_care.router)
router.include_router(admin_kyc.router)
router.include_router(admin_sanctions.router)
router.include_router(kyc.router)
router.include_router(admin_workplace.router)

statement_policy = admin_reconciliation.statement_policy
sanction_list_policy = admin_sanctions.list_policy
form_policy = link_pages.form_policy

__all__ = ["form_policy", "router", "sanction_list_policy", "statement_policy"]
