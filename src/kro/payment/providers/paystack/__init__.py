"""Paystack (api.paystack.co). Field names, codes and their sources: the vendor's API reference as of mid-2026."""

from kro.payment.providers.paystack.adapter import Paystack, PaystackSettings

__all__ = ["Paystack", "PaystackSettings"]
