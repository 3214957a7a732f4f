"""Where each of our fields comes from: a JSON document of which an operator may replace any part."""

from __future__ import annotations

import json
from enum import StrEnum
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from kro.predecessor.errors import MappingInvalidError

TableName = Literal[
    "user_roles", "users", "bank_accounts", "orders", "conditions", "kro_balance", "transactions", "refunds"
]

NEEDED: Final[dict[str, frozenset[str]]] = {
    "user_roles": frozenset({"name"}),
    "users": frozenset({"phone", "password_hash", "status", "first_name", "last_name", "created_at"}),
    "bank_accounts": frozenset({"user", "bank_code", "bank_name", "account_number", "account_name"}),
    "orders": frozenset({"buyer", "seller", "title", "amount", "status", "created_at"}),
    "conditions": frozenset({"order", "title", "status"}),
    "kro_balance": frozenset({"user", "available"}),
    "transactions": frozenset({"status", "amount"}),
    "refunds": frozenset({"status", "amount"}),
}
"""What cannot be done without. A table that is mapped names a column, or a value, for each of them."""


class Transform(StrEnum):
    """The closed list of what may be done to a value."""

    TEXT = "text"
    PHONE = "phone"
    EMAIL = "email"
    MAJOR = "major"
    MINOR = "minor"
    WORD = "word"
    TIME = "time"
    FLAG = "flag"
    INTEGER = "integer"
    CURRENCY = "currency"
    PASSWORD = "password"  # noqa: S105 - the name of a transform


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FieldMapping(_Part):
    """One of our fields: the first of ``columns`` that the table has, or ``value`` where there is none or it is NULL.

    Columns match in camelCase and in snake_case. ``words`` translates what stands there, without case.
    """

    columns: tuple[str, ...] = ()
    transform: Transform = Transform.TEXT
    words: dict[str, str] = Field(default_factory=dict)
    value: str | None = None

    @field_validator("words")
    @classmethod
    def _without_case(cls, words: dict[str, str]) -> dict[str, str]:
        return {word.casefold(): ours for word, ours in words.items()}


class TableMapping(_Part):
    """One table of the predecessor; ``key`` is the column by which a report names its rows."""

    table: str
    key: str = "id"
    fields: dict[str, FieldMapping]


class Mapping(_Part):
    """The whole document. ``zone`` is where times without one were written."""

    zone: str
    currency: str
    tables: dict[TableName, TableMapping]

    @field_validator("zone")
    @classmethod
    def _known(cls, zone: str) -> str:
        if zone not in available_timezones():
            raise ValueError("no such time zone")
        return zone

    @property
    def clock(self) -> ZoneInfo:
        return ZoneInfo(self.zone)


def load_mapping(file: Path | None) -> Mapping:
    """Return the mapping that comes with the program, with the operator's laid over it; ``null`` takes a part out.

    :raises MappingInvalidError: naming the place and what is wrong with it.
    """
    document = json.loads(files("kro.predecessor").joinpath("mapping.json").read_text())
    if file is not None:
        try:
            document = _laid_over(document, json.loads(file.read_text()))
        except (OSError, ValueError) as error:
            raise MappingInvalidError(f"{file} cannot be read: {error}") from None
    try:
        mapping = Mapping.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise MappingInvalidError(f"The mapping is wrong at {place}: {first['msg']}.") from None
    for name, table in mapping.tables.items():
        missing = sorted(NEEDED[name] - set(table.fields))
        if missing:
            raise MappingInvalidError(f"The mapping says nothing of {name}.{missing[0]}.")
    return mapping


def _laid_over(below: Any, above: Any) -> Any:  # noqa: ANN401 - any JSON
    if not isinstance(below, dict) or not isinstance(above, dict):
        return above
    merged = {name: value for name, value in below.items() if above.get(name, ...) is not None}
    for name, value in above.items():
        if value is not None:
            merged[name] = _laid_over(merged.get(name), value)
    return merged
