"""Fincra (api.fincra.com). Field names, codes and their sources: the vendor's API reference as of mid-2026."""

from kro.payment.providers.fincra.adapter import Fincra, FincraSettings

__all__ = ["Fincra", "FincraSettings"]
