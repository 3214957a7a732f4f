"""Payments, payouts and providers' webhooks over HTTP."""

from kro.core.http import Router
from kro.payment.controller.accounts import router as accounts
from kro.payment.controller.return_page import router as return_page
from kro.payment.controller.routes import router as routes
from kro.payment.controller.top_ups import router as top_ups

router = Router()
router.include_router(routes)
router.include_router(top_ups)
router.include_router(accounts)
router.include_router(return_page)

__all__ = ["router"]
