"""Balances and fees over HTTP."""

from kro.kro_balance.controller.routes import router

__all__ = ["router"]
