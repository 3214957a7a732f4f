from __future__ import annotations

import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import parse_qs
from uuid import UUID

from kro.core.messaging.errors import MalformedReportError
from kro.core.messaging.states import Report


@dataclass(frozen=True, slots=True)
class Webhook:
    """A request as it came: raw body, headers by lower-case name, path and raw query. Bodies hold texts and numbers."""

    raw: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    path: str
    query: str = ""


class ReportReader(Protocol):
    def read(self, webhook: Webhook) -> tuple[Report, ...]:
        """Return what an authentic webhook reports; states that tell nothing are left out.

        :raises ReportSignatureError: if it is not from the vendor.
        :raises MalformedReportError: if it is, and still not what the vendor documents.
        """
        ...


def matches(given: str, expected: Iterable[str]) -> bool:
    """Compare a signature with what each accepted key would have made of it, in constant time.

    All are compared, so that the time says nothing of which key, or which spelling, was nearly right.
    """
    compared = [hmac.compare_digest(given.encode(), one.encode()) for one in expected]
    return any(compared)


def read_json(raw: bytes) -> dict[str, Any]:
    """Return the object of a body that was verified.

    :raises MalformedReportError: if it is none.
    """
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        raise MalformedReportError from None
    if not isinstance(body, dict):
        raise MalformedReportError
    return body


def reference_in(query: str) -> UUID | None:
    """Return our id that we put into the address of a callback."""
    found = parse_qs(query).get("message", [])
    try:
        return UUID(found[0]) if len(found) == 1 else None
    except ValueError:
        return None


def text_of(value: object, *, longest: int = 200) -> str:
    """Return an id or a state as text.

    :raises MalformedReportError: if it is none, or longer than any real one.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not 0 < len(value) <= longest:
        raise MalformedReportError
    return value
