"""Payments, payouts and providers' webhooks over HTTP."""

from kro.payment.controller.routes import router

__all__ = ["router"]
