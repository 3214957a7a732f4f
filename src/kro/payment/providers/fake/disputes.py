from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from kro.payment.providers.disputes import DisputeFacts, DisputeLost, DisputeOpened, DisputeResult, DisputeWon
from kro.payment.providers.errors import ProviderUnavailableError
from kro.payment.providers.fake.books import FakeBooks, FakeDispute
from kro.payment.providers.results import NotFound, Unknown


class FakeDisputes:
    def __init__(self, books: FakeBooks) -> None:
        self._books = books

    async def dispute(self, *, provider_reference: str) -> DisputeResult:
        if self._books.begin("dispute"):
            return Unknown("fault")
        dispute = self._books.disputes.get(provider_reference)
        if dispute is None:
            return NotFound()
        facts = _facts(dispute)
        match dispute.resolution:
            case None:
                return DisputeOpened(facts)
            case "declined":
                return DisputeWon(facts)
            case "merchant-accepted" | "auto-accepted":
                return DisputeLost(facts)
            case _:
                return Unknown("odd_resolution")

    async def disputes(self, *, since: datetime, until: datetime) -> Sequence[str]:
        if self._books.begin("list_disputes"):
            raise ProviderUnavailableError(cause="fault")
        return [number for number, one in self._books.disputes.items() if since <= one.opened_at <= until]


def _facts(dispute: FakeDispute) -> DisputeFacts:
    transaction = dispute.transaction
    return DisputeFacts(
        provider_reference=str(dispute.number),
        reference=transaction.reference,
        transaction=str(transaction.number),
        amount_minor=dispute.amount_minor,
        currency=transaction.currency,
        category="chargeback",
        fees_minor=dispute.fee_minor or None,
    )
