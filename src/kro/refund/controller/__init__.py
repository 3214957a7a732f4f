"""Refunds over HTTP."""

from kro.refund.controller.routes import router

__all__ = ["router"]
