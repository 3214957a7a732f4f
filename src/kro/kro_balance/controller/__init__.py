"""Balances, their statements, and fees over HTTP."""

from kro.core.http import Router
from kro.kro_balance.controller.routes import router as routes
from kro.kro_balance.controller.statements import router as statements
from kro.kro_balance.controller.viewed import router as viewed

router = Router()
router.include_router(routes)
router.include_router(statements)
router.include_router(viewed)

__all__ = ["router"]
