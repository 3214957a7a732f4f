"""Statements as files: comma-separated, with a header, amounts in major units as people read them.

A file of a provider has the columns ``kind, reference, amount, currency, occurred_at`` and may have ``fee`` and
``narration``; amounts have no sign, the kind says which way the money went. A file of a bank has ``occurred_at,
reference, currency`` and either ``amount`` with a sign or ``credit`` and ``debit``, and may have ``narration``.
Times without a zone, and plain dates, are those of Lagos. A file is taken as a whole or not at all.
"""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from io import StringIO
from typing import Final, Self

from kro.core.business_days import LAGOS, Days
from kro.core.errors import FieldError, KroError
from kro.core.money import Money
from kro.payment.database.reconciliation_records import (
    MONEY_IN,
    PROVIDER_KINDS,
    LineKind,
    Side,
    Statement,
    StatementLine,
)
from kro.payment.domain.reconciliation_errors import (
    StatementInvalidError,
    StatementKindsError,
    StatementPeriodError,
)

MAX_LINES: Final = 200_000
MAX_ERRORS: Final = 20
MAX_DAYS: Final = 366
_MAX_TEXT: Final = 500
_AMOUNT: Final = re.compile(r"[+-]?(\d+|\d{1,3}(,\d{3})+)(\.\d+)?", re.ASCII)
_NEEDED: Final = {
    Side.PROVIDER: frozenset({"kind", "reference", "amount", "currency", "occurred_at"}),
    Side.BANK: frozenset({"reference", "currency", "occurred_at"}),
}
_KNOWN: Final = {
    Side.PROVIDER: _NEEDED[Side.PROVIDER] | {"fee", "narration"},
    Side.BANK: _NEEDED[Side.BANK] | {"amount", "credit", "debit", "narration"},
}


@dataclass(frozen=True, slots=True)
class Described:
    """What a person says of a file: whose statement it is, and what it is complete for."""

    side: Side
    account: str
    kinds: frozenset[LineKind]
    start: datetime
    end: datetime

    @classmethod
    def of_days(cls, side: Side, account: str, days: Days, *, kinds: Collection[LineKind] = ()) -> Self:
        """Describe a file by its days in Lagos. Without ``kinds`` it is complete for all that its side tells.

        :raises StatementPeriodError: unless the days begin before they end, at most a year apart.
        :raises StatementKindsError: for kinds that such a statement does not have.
        """
        if not 0 < len(days) <= MAX_DAYS:
            raise StatementPeriodError
        own = PROVIDER_KINDS if side is Side.PROVIDER else frozenset({LineKind.BANK})
        if not own.issuperset(kinds):
            raise StatementKindsError
        return cls(side, account, frozenset(kinds) or own, days.start, days.end)


class _CellError(Exception):
    def __init__(self, column: str, code: str, detail: str) -> None:
        super().__init__(detail)
        self.column = column
        self.code = code
        self.detail = detail


def read_statement(data: bytes, described: Described, *, currency: str | None = None) -> Statement:
    """Read a file; every line has to be within the period and of the kinds it was described with.

    With a ``currency`` every line has to be in it, as the lines of a bank account are.

    :raises StatementInvalidError: with the first problems, each with the number of its line in the file.
    """
    rows = _rows(data, described.side)
    lines: list[StatementLine] = []
    errors: list[FieldError] = []
    for number, row in rows:
        if len(lines) >= MAX_LINES or len(errors) >= MAX_ERRORS:
            errors.append(FieldError(f"/lines/{number}", "too_many", f"A file holds at most {MAX_LINES} lines."))
            break
        try:
            lines.append(_line(row, described, only=currency))
        except _CellError as error:
            errors.append(FieldError(f"/lines/{number}/{error.column}", error.code, error.detail))
    if errors:
        raise StatementInvalidError(tuple(errors[:MAX_ERRORS]))
    return Statement(
        side=described.side,
        account=described.account,
        kinds=described.kinds,
        start=described.start,
        end=described.end,
        lines=lines,
        file_sha256=hashlib.sha256(data).hexdigest(),
    )


def _rows(data: bytes, side: Side) -> Iterator[tuple[int, Mapping[str, str]]]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _refused("/", "encoding", "The file is not UTF-8.") from None
    if "\x00" in text:
        raise _refused("/", "encoding", "The file holds a NUL character.")
    reader = csv.DictReader(StringIO(text, newline=""), strict=True)
    try:
        names = [(name or "").strip().lower() for name in reader.fieldnames or ()]
        _check_header(names, side)
        reader.fieldnames = names
        for row in reader:
            if None in row or None in row.values():
                raise _refused(f"/lines/{reader.line_num}", "columns", "This line has other columns than the header.")
            yield reader.line_num, row
    except csv.Error as error:
        raise _refused(f"/lines/{reader.line_num}", "csv", f"This line is not CSV: {error}.") from None


def _check_header(names: list[str], side: Side) -> None:
    missing = _NEEDED[side] - set(names)
    unknown = set(names) - _KNOWN[side]
    if missing or unknown or len(set(names)) != len(names):
        wanted = ", ".join(sorted(_KNOWN[side]))
        raise _refused("/lines/1", "header", f"The header must name each of its columns once, from: {wanted}.")
    if side is Side.BANK and ("amount" in names) is bool({"credit", "debit"} & set(names)):
        raise _refused("/lines/1", "header", "A bank's file has either amount, or credit and debit.")


def _line(row: Mapping[str, str], described: Described, *, only: str | None) -> StatementLine:
    currency = row["currency"].strip().upper()
    if only not in {None, currency}:
        raise _CellError("currency", "other_currency", f"The account is in {only}.")
    kind = LineKind.BANK if described.side is Side.BANK else _kind(row["kind"])
    if kind not in described.kinds:
        raise _CellError("kind", "kind_not_expected", "The file was described without this kind of line.")
    occurred_at = _moment(row["occurred_at"])
    if not described.start <= occurred_at < described.end:
        raise _CellError("occurred_at", "outside_period", "The line is not in the period the file is for.")
    fee = row.get("fee", "").strip()
    return StatementLine(
        kind=kind,
        reference=_text(row, "reference", needed=described.side is Side.PROVIDER),
        currency=currency,
        amount=_bank_amount(row, currency) if kind is LineKind.BANK else _provider_amount(row, kind, currency),
        occurred_at=occurred_at,
        fee=_money(row, "fee", currency) if fee else None,
        narration=_text(row, "narration"),
    )


def _kind(text: str) -> LineKind:
    try:
        kind = LineKind(text.strip().lower())
    except ValueError:
        kind = LineKind.BANK
    if kind not in PROVIDER_KINDS:
        raise _CellError("kind", "unknown_kind", f"A kind is one of {', '.join(sorted(PROVIDER_KINDS))}.")
    return kind


def _provider_amount(row: Mapping[str, str], kind: LineKind, currency: str) -> int:
    amount = _money(row, "amount", currency)
    if amount == 0:
        raise _CellError("amount", "amount", "An amount is not zero.")
    return amount if kind in MONEY_IN else -amount


def _bank_amount(row: Mapping[str, str], currency: str) -> int:
    if "amount" in row:
        amount = _money(row, "amount", currency, signed=True)
    else:
        amount = sum(
            direction * _money(row, column, currency)
            for column, direction in (("credit", 1), ("debit", -1))
            if row.get(column, "").strip()
        )
    if amount == 0:
        raise _CellError("amount", "amount", "A line moves money one way.")
    return amount


def _money(row: Mapping[str, str], column: str, currency: str, *, signed: bool = False) -> int:
    text = row[column].strip()
    # A spreadsheet's 1.2E+10 has lost its kobo, and 1234,50 without its comma would be a hundred times as much.
    if not _AMOUNT.fullmatch(text):
        raise _CellError(column, "amount", "An amount is written like 1234.50 or 1,234.50.")
    try:
        amount = Money.from_major(text.replace(",", ""), currency).amount
    except KroError as error:
        raise _CellError("currency" if error.code == "unknown_currency" else column, error.code, error.detail) from None
    if amount < 0 and not signed:
        raise _CellError(column, "sign", "This amount has no sign.")
    return amount


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise _CellError("occurred_at", "time", "A time is written like 2026-01-15T09:30:00+01:00.") from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=LAGOS)


def _text(row: Mapping[str, str], column: str, *, needed: bool = False) -> str:
    text = row.get(column, "").strip()
    if len(text) > _MAX_TEXT or (needed and not text):
        raise _CellError(column, "text", f"This text has 1 to {_MAX_TEXT} characters.")
    return text


def _refused(pointer: str, code: str, detail: str) -> StatementInvalidError:
    return StatementInvalidError((FieldError(pointer, code, detail),))
