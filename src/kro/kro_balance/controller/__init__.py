"""Balances, their statements, and fees over HTTP."""

from fastapi import APIRouter

from kro.kro_balance.controller.routes import router as routes
from kro.kro_balance.controller.statements import router as statements

router = APIRouter()
router.include_router(routes)
router.include_router(statements)

__all__ = ["router"]
