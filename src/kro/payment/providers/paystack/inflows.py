"""Money that arrived on a dedicated virtual account: a transaction that Paystack began by itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from kro.core.outgoing import OutgoingHTTP
from kro.payment.providers.paystack.collecting import read_transaction
from kro.payment.providers.results import CollectionResult, NotFound, Unknown

CHANNEL: Final = "dedicated_nuban"


class PaystackInflows:
    """Reads an inflow by the reference Paystack gave to it."""

    def __init__(self, http: OutgoingHTTP) -> None:
        self._http = http

    async def inflow(self, *, provider_reference: str) -> CollectionResult:
        """Ask about an inflow, as ``InflowReader`` says.

        A payment somebody began with us is none, whoever says so: it is credited where it was begun.
        """
        result = await read_transaction(self._http, operation="inflow", reference=provider_reference)
        if isinstance(result, NotFound | Unknown) or result.facts is None:
            return result
        if result.facts.channel != CHANNEL:
            return Unknown("odd_channel")
        if result.facts.receiving_account is None:
            return Unknown("odd_receiver")
        return replace(result, facts=replace(result.facts, reference=""))
