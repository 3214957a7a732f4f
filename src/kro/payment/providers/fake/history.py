from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from kro.payment.providers.errors import ProviderUnavailableError
from kro.payment.providers.fake.books import FakeBooks
from kro.payment.providers.fake.capabilities import MOMENT
from kro.payment.providers.history import HistoryItem, HistoryKind


class FakeHistory:
    """Everything the pretended vendor has moved; its clock stands still, so all of it happened in one moment."""

    def __init__(self, books: FakeBooks) -> None:
        self._books = books

    async def history(self, *, since: datetime, until: datetime) -> Sequence[HistoryItem]:
        if self._books.begin("history"):
            raise ProviderUnavailableError(cause="fault")
        return tuple(self._items()) if since <= MOMENT < until else ()

    def _items(self) -> Iterator[HistoryItem]:
        for paid in self._books.transactions.values():
            if paid.status in {"success", "reversed"}:
                yield _item(HistoryKind.CHARGE, str(paid.number), paid.amount_minor, paid.currency, paid.fee_minor)
        for sent in self._books.transfers.values():
            if sent.status == "success":
                code = f"TRF_{sent.number}"
                yield _item(HistoryKind.TRANSFER, code, sent.amount_minor, sent.currency, sent.fee_minor)
        for refund in self._books.refunds:
            if refund.status == "processed":
                currency = refund.transaction.currency
                yield _item(HistoryKind.REFUND, str(refund.number), refund.amount_minor, currency, None)


def _item(kind: HistoryKind, reference: str, amount_minor: int, currency: str, fee: int | None) -> HistoryItem:
    return HistoryItem(
        kind=kind,
        provider_reference=reference,
        amount_minor=amount_minor,
        currency=currency,
        occurred_at=MOMENT,
        fees_minor=fee,
    )
