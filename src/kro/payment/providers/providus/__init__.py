"""Providus Bank: accounts to collect on (DCS, "PiP") and transfers (the third-party generic API, "postingrest").

Names of calls, members and codes: developer.providusbank.com (digital-collection-service-dcs, third-party-generic-api,
transfer-services) as of August 2025; where the bank's pages are silent, a public Go client tested against the bank,
brokeyourbike/providusbank-api-client-go.
"""

from kro.payment.providers.providus.adapter import Providus, ProvidusSettings

__all__ = ["Providus", "ProvidusSettings"]
