"""One row of the predecessor, read through the mapping: every field by the name it has here."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping as Texts
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from kro.predecessor.errors import MappingInvalidError, UnfitError
from kro.predecessor.mapping import NEEDED, FieldMapping, Mapping, TableMapping, Transform
from kro.predecessor.values import minor_units, moment, plain, whole


@dataclass(frozen=True, slots=True)
class Reader:
    """Knows which column of a table stands for which field."""

    name: str
    key_column: str
    columns: dict[str, str]
    table: TableMapping
    mapping: Mapping

    @classmethod
    def of(cls, name: str, table: TableMapping, mapping: Mapping, columns: frozenset[str]) -> Reader:
        """Match a table's mapping with the columns it has.

        :raises MappingInvalidError: when a field has neither a column nor a value.
        """
        by_name = {_folded(column): column for column in columns}
        found: dict[str, str] = {}
        for wanted, one in table.fields.items():
            column = next((by_name[_folded(c)] for c in one.columns if _folded(c) in by_name), None)
            if column is not None:
                found[wanted] = column
            elif one.value is None and wanted in NEEDED[name]:
                tried = ", ".join(one.columns) or "none named"
                raise MappingInvalidError(f"{table.table} has no column for {name}.{wanted} (tried {tried}).")
        key = by_name.get(_folded(table.key))
        if key is None:
            raise MappingInvalidError(f"{table.table} has no column {table.key}, the key of {name}.")
        return cls(name, key, found, table, mapping)

    def wanted_columns(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((self.key_column, *self.columns.values())))

    def row(self, texts: Texts[str, str | None]) -> Row:
        key = texts[self.key_column]
        return Row(self, key if key is not None else "", {n: texts[c] for n, c in self.columns.items()})


@dataclass(frozen=True, slots=True)
class Row:
    """Texts by our names for them; :meth:`get` and its like make values of them."""

    reader: Reader
    key: str
    texts: dict[str, str | None] = field(repr=False)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of all that was read of the row."""
        return hashlib.sha256(json.dumps(self.texts, sort_keys=True).encode()).hexdigest()

    def text(self, name: str) -> str | None:
        """Return what stands in a field, or the value that the mapping gives it when nothing does."""
        one = self.reader.table.fields.get(name)
        found = self.texts.get(name)
        if found is None or not found.strip():
            return one.value if one is not None else None
        return found

    def get(self, name: str) -> Any:  # noqa: ANN401 - the mapping decides the type
        """Return a field, or ``None`` when it is empty.

        :raises UnfitError: naming the field.
        """
        text = self.text(name)
        if text is None:
            return None
        one = self.reader.table.fields[name]
        try:
            return self._made(one, text)
        except UnfitError as unfit:
            raise UnfitError(unfit.code, name) from None

    def need(self, name: str) -> Any:  # noqa: ANN401 - as above
        """Return a field that has to be there.

        :raises UnfitError: when it is empty or does not fit.
        """
        found = self.get(name)
        if found is None or found == "":
            raise UnfitError("missing", name)
        return found

    def time(self, name: str) -> datetime | None:
        found: datetime | None = self.get(name)
        return found

    def amount(self, name: str, currency: str) -> Decimal | None:
        """Return an amount in minor units exactly as written, or ``None`` when there is none.

        :raises UnfitError: when it is no number.
        """
        text = self.text(name)
        if text is None:
            return None
        transform = self.reader.table.fields[name].transform
        try:
            return minor_units(text, currency, is_major=transform is not Transform.MINOR)
        except UnfitError as unfit:
            raise UnfitError(unfit.code, name) from None

    def need_amount(self, name: str, currency: str) -> Decimal:
        """Return an amount in minor units exactly as written, whole or not, negative or not.

        :raises UnfitError: when there is none, or it is no number.
        """
        found = self.amount(name, currency)
        if found is None:
            raise UnfitError("missing", name)
        return found

    def money(self, name: str, currency: str, *, otherwise: int | None = None) -> int:
        """Return a whole, non-negative number of minor units.

        :raises UnfitError: when it is missing without ``otherwise``, negative or not exact.
        """
        found = self.amount(name, currency)
        if found is None:
            if otherwise is None:
                raise UnfitError("missing", name)
            return otherwise
        if found < 0:
            raise UnfitError("negative", name)
        try:
            return whole(found)
        except UnfitError as unfit:
            raise UnfitError(unfit.code, name) from None

    def currency(self) -> str:
        return str(self.get("currency") or self.reader.mapping.currency)

    def _made(self, one: FieldMapping, text: str) -> Any:  # noqa: ANN401 - as above
        if one.transform is Transform.WORD:
            word = one.words.get(text.strip().casefold())
            if word is None:
                raise UnfitError("unknown_word")
            return word
        if one.transform is Transform.TIME:
            return moment(text, self.reader.mapping.clock)
        return plain(one.transform, text)


def _folded(column: str) -> str:
    return column.replace("_", "").casefold()
