"""Base classes and types for what clients send. Inputs are strict: a wrong type is an error, never a conversion."""

import unicodedata
from typing import Annotated, Any, Final, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticCustomError

from kro.core.http.outputs import Output
from kro.core.http.shapes import Multiline, shape_of
from kro.core.money import EXPONENTS, MAX_AMOUNT_MINOR, Money

MAX_TEXT: Final = 2_000
MAX_ITEMS: Final = 100

_LINE_BREAKS: Final = frozenset("\n\t")
_FORBIDDEN_CATEGORIES: Final = frozenset({"Cc", "Cs", "Co", "Cn"})
_BIDI_CONTROLS: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
"""One line of text, trimmed, not empty."""

Paragraphs = Annotated[str, Multiline(), StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_TEXT)]
"""Text with line breaks, trimmed, not empty."""


Email = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, to_lower=True, max_length=254, pattern=r"^[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)+$"
    ),
    Field(examples=["buyer@example.com"]),
]


def id_text(prefix: str) -> StringConstraints:
    """Constrain a text in a body to ids of one kind, so that a mistyped one is told with its place.

    Use it inside ``Annotated[str, …]``; what passes can be given to :func:`kro.core.ids.read_id`.
    """
    return StringConstraints(pattern=f"^{prefix}_[0-7][0-9a-hjkmnp-tv-z]{{25}}$")


class Input(BaseModel):
    """A request body: unknown fields, wrong types, control characters and overlong texts or lists are refused.

    Texts arrive in Unicode NFC. Enums, dates and tuples are read from their JSON forms.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, str_max_length=MAX_TEXT)

    @field_validator("*", mode="before")
    @classmethod
    def _check(cls, value: Any, info: ValidationInfo) -> Any:  # noqa: ANN401 - anything a client sent
        shape = shape_of(cls, info.field_name or "")
        if not shape.accepts(value):
            raise PydanticCustomError("wrong_type", "This is not of the type this field takes")
        if isinstance(value, list) and len(value) > MAX_ITEMS:
            raise PydanticCustomError("too_many_items", "At most 100 items are accepted")
        return _clean_text(value, multiline=shape.multiline)


class QueryInput(BaseModel):
    """Query parameters as one model (``Annotated[Filters, Query()]``): unknown ones are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, str_max_length=200)

    @field_validator("*", mode="before")
    @classmethod
    def _clean(cls, value: Any) -> Any:  # noqa: ANN401 - anything a client sent
        return _clean_text(value, multiline=False)


def _check_currency(value: object) -> object:
    if isinstance(value, str) and value not in EXPONENTS:
        raise PydanticCustomError("unknown_currency", "This currency is not enabled")
    return value


Currency = Annotated[str, BeforeValidator(_check_currency), Field(examples=["NGN"])]


class MoneyIn(Input):
    """A positive amount in minor units (kobo for NGN) with its ISO 4217 currency."""

    amount: int = Field(gt=0, le=MAX_AMOUNT_MINOR, examples=[150_000])
    currency: Currency

    def to_money(self) -> Money:
        return Money(self.amount, self.currency)


class MoneyOut(Output):
    """An amount in minor units (kobo for NGN) with its ISO 4217 currency."""

    amount: int = Field(examples=[150_000])
    currency: str = Field(examples=["NGN"])

    @classmethod
    def of(cls, money: Money) -> Self:
        return cls(amount=money.amount, currency=money.currency)


def _clean_text(value: Any, *, multiline: bool) -> Any:  # noqa: ANN401 - anything a client sent
    """Normalize texts, also inside lists; nested inputs look after themselves."""
    if isinstance(value, list):
        return [_clean_text(item, multiline=multiline) for item in value]
    if not isinstance(value, str):
        return value
    if value.isascii() and value.isprintable():
        return value
    allowed = _LINE_BREAKS if multiline else frozenset[str]()
    text = value.replace("\r\n", "\n") if multiline else value
    for character in text:
        if character in allowed:
            continue
        if unicodedata.category(character) in _FORBIDDEN_CATEGORIES or character in _BIDI_CONTROLS:
            raise PydanticCustomError("forbidden_character", "Control characters are not accepted here")
    return unicodedata.normalize("NFC", text)
