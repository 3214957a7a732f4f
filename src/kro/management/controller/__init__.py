"""People and their bank accounts over HTTP; the admins' side is a package of its own, loaded when it is needed."""

from kro.core.http import Router
from kro.management.controller import (
    account_endings,
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
from kro.management.controller.link_pages import form_policy
from kro.management.controller.uploads import sanction_list_policy, statement_policy

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
router.include_router(kyc.router)

__all__ = ["form_policy", "router", "sanction_list_policy", "statement_policy"]
