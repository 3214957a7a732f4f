"""Translates the framework's validation errors into ours: a pointer, a stable code, a sentence; never the input."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from kro.core.errors import FieldError, KroError
from kro.core.http.errors import InvalidRequestError, MalformedBodyError

_CODES: Final[dict[str, str]] = {
    "missing": "required",
    "extra_forbidden": "unknown_field",
    "string_too_long": "too_long",
    "too_long": "too_long",
    "string_too_short": "too_short",
    "too_short": "too_short",
    "string_pattern_mismatch": "wrong_format",
    "greater_than": "out_of_range",
    "greater_than_equal": "out_of_range",
    "less_than": "out_of_range",
    "less_than_equal": "out_of_range",
    "int_parsing_size": "out_of_range",
    "enum": "not_allowed",
    "literal_error": "not_allowed",
    "union_tag_invalid": "not_allowed",
    "union_tag_not_found": "required",
    "value_error": "invalid",
    "assertion_error": "invalid",
}
_WRONG_TYPE_ENDINGS: Final = ("_type", "_from_float", "_instance_of", "_attributes_type")
_WRONG_FORMAT_ENDINGS: Final = ("_parsing", "_from_date_parsing", "_invalid_format")


def to_error(details: Sequence[Mapping[str, Any]]) -> KroError:
    """Return the error a client should see: 400 for what is not JSON at all, otherwise 422 with every field."""
    if any(detail["type"] == "json_invalid" for detail in details):
        return MalformedBodyError()
    return InvalidRequestError(errors=tuple(_field_error(detail) for detail in details))


def _field_error(detail: Mapping[str, Any]) -> FieldError:
    where, *path = (str(part) for part in detail["loc"])
    pointer = "".join(f"/{_escape(part)}" for part in path) if where == "body" else f"{where}:{'.'.join(path)}"
    code = _code(detail["type"])
    if code == "unknown_field" and where == "query":
        code = "unknown_parameter"
    return FieldError(pointer, code, detail["msg"].removeprefix("Value error, "))


def _code(kind: str) -> str:
    if kind in _CODES:
        return _CODES[kind]
    if kind.endswith(_WRONG_TYPE_ENDINGS):
        return "wrong_type"
    if kind.endswith(_WRONG_FORMAT_ENDINGS):
        return "wrong_format"
    return kind


def _escape(part: str) -> str:
    """Escape one reference token (RFC 6901 section 3)."""
    return part.replace("~", "~0").replace("/", "~1")
