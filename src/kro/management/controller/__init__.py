"""People, their bank accounts, and admins, over HTTP."""

from fastapi import APIRouter

from kro.management.controller import (
    admin_auth,
    admin_operations,
    admin_payouts,
    auth,
    bank_accounts,
    payouts,
    profiles,
)

router = APIRouter()
router.include_router(auth.router)
router.include_router(profiles.router)
router.include_router(bank_accounts.router)
router.include_router(payouts.router)
router.include_router(admin_auth.router)
router.include_router(admin_payouts.router)
router.include_router(admin_operations.router)

__all__ = ["router"]
