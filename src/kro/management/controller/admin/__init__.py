"""What admins do, over HTTP: half of all routes, which nobody needs while a process starts."""

from kro.core.http import Router
from kro.management.controller.admin import (
    admins,
    audit,
    auth,
    breaks,
    channels,
    conditions,
    disputes,
    exceptions,
    fees,
    holds,
    kyc,
    legal_holds,
    messages,
    notifications,
    operations,
    orders,
    payments,
    payouts,
    proposals,
    providers,
    reconciliation,
    refunds,
    reports,
    sanctions,
    stuck_payouts,
    templates,
    tiers,
    user_care,
    users,
    workplace,
)

router = Router()
router.include_router(auth.router)
router.include_router(admins.router)
# Before the routes with a payout in their path: "stuck" is none.
router.include_router(stuck_payouts.router)
router.include_router(conditions.router)
router.include_router(templates.router)
router.include_router(fees.router)
router.include_router(payouts.router)
router.include_router(payments.router)
router.include_router(refunds.router)
router.include_router(exceptions.router)
router.include_router(proposals.router)
router.include_router(disputes.router)
router.include_router(holds.router)
router.include_router(providers.router)
router.include_router(channels.router)
router.include_router(operations.router)
router.include_router(reconciliation.router)
router.include_router(breaks.router)
router.include_router(reports.router)
router.include_router(messages.router)
router.include_router(notifications.router)
router.include_router(orders.router)
router.include_router(audit.router)
# Before the routes with a check in their path: "tiers" is none.
router.include_router(tiers.router)
router.include_router(legal_holds.router)
router.include_router(users.router)
router.include_router(user_care.router)
router.include_router(kyc.router)
router.include_router(sanctions.router)
router.include_router(workplace.router)

__all__ = ["router"]
