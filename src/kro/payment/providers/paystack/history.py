"""Paystack's lists of transactions, transfers, refunds and settlements, read to their end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from kro.core.outgoing import OutgoingHTTP, Reply
from kro.payment.providers.errors import ProviderUnavailableError
from kro.payment.providers.history import HistoryItem, HistoryKind
from kro.payment.providers.paystack.reading import JSONObject, OddAnswerError, identifier, items_of, moment, text
from kro.payment.providers.paystack.units import from_subunits

_PAGE: Final = 100
_MAX_PAGES: Final = 1_000
# Lists are filtered by when something was begun, and a refund takes up to ten working days to its end.
_REFUND_LOOK_BACK: Final = timedelta(days=30)

Read = Callable[[JSONObject], HistoryItem | None]


class PaystackHistory:
    """The account of a period, from four lists."""

    def __init__(self, http: OutgoingHTTP) -> None:
        self._http = http

    async def history(self, *, since: datetime, until: datetime) -> Sequence[HistoryItem]:
        lists: tuple[tuple[str, datetime, Read], ...] = (
            ("/transaction", since, _read_charge),
            ("/transfer", since, _read_transfer),
            ("/refund", since - _REFUND_LOOK_BACK, _read_refund),
            ("/settlement", since, _read_settlement),
        )
        # A list that grows while it is read shows items twice, so each is taken by its id.
        found: dict[tuple[HistoryKind, str], HistoryItem] = {}
        for path, begun, read in lists:
            for item in await self._whole(path, since=begun, until=until, read=read):
                found[item.kind, item.provider_reference] = item
        return tuple(found.values())

    async def _whole(self, path: str, *, since: datetime, until: datetime, read: Read) -> list[HistoryItem]:
        found: list[HistoryItem] = []
        for page in range(1, _MAX_PAGES + 1):
            items = await self._page(path, since=since, until=until, page=page)
            found.extend(_read_all(items, read))
            if len(items) < _PAGE:
                return found
        raise ProviderUnavailableError(cause="history_too_long")

    async def _page(self, path: str, *, since: datetime, until: datetime, page: int) -> list[JSONObject]:
        exchange = await self._http.call(
            operation="history",
            method="GET",
            path=path,
            query={
                "from": _written(since),
                "to": _written(until),
                "perPage": str(_PAGE),
                "page": str(page),
            },
            repeatable=True,
        )
        if not isinstance(exchange, Reply):
            raise ProviderUnavailableError(cause=exchange.cause)
        try:
            return items_of(exchange)
        except OddAnswerError as odd:
            raise ProviderUnavailableError(cause=odd.cause) from None


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _read_all(items: Sequence[JSONObject], read: Read) -> Iterator[HistoryItem]:
    for item in items:
        try:
            found = read(item)
        except OddAnswerError as odd:
            # One odd item makes the whole list unfit: what is missing in it would be taken for missing there.
            raise ProviderUnavailableError(cause=odd.cause) from None
        if found is not None:
            yield found


def _read_charge(data: JSONObject) -> HistoryItem | None:
    if text(data, "status") not in {"success", "reversed"}:
        return None
    return _item(HistoryKind.CHARGE, data, identifier(data, "id"), "amount", ("paid_at", "paidAt"), fees="fees")


def _read_transfer(data: JSONObject) -> HistoryItem | None:
    if text(data, "status") != "success":
        return None
    code = text(data, "transfer_code")
    return _item(HistoryKind.TRANSFER, data, code, "amount", ("createdAt", "created_at"), fees="fee_charged")


def _read_refund(data: JSONObject) -> HistoryItem | None:
    if text(data, "status") != "processed":
        return None
    return _item(HistoryKind.REFUND, data, identifier(data, "id"), "amount", ("createdAt", "created_at"))


def _read_settlement(data: JSONObject) -> HistoryItem | None:
    if text(data, "status") != "success":
        return None
    # The effective amount is what was paid to our bank; fees and deductions stand in the lists of what they are for.
    return _item(HistoryKind.SETTLEMENT, data, identifier(data, "id"), "effective_amount", ("settlement_date",))


def _item(
    kind: HistoryKind,
    data: JSONObject,
    reference: str,
    amount_key: str,
    time_keys: tuple[str, ...],
    *,
    fees: str | None = None,
) -> HistoryItem:
    currency = text(data, "currency")
    at = moment(data, *time_keys)
    if at is None:
        raise OddAnswerError("time")
    kept = data.get(fees) if fees else None
    return HistoryItem(
        kind=kind,
        provider_reference=reference,
        amount_minor=from_subunits(data.get(amount_key), currency=currency),
        currency=currency,
        occurred_at=at,
        fees_minor=None if kept is None else from_subunits(kept, currency=currency),
    )
