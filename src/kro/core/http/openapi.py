"""Completes the generated OpenAPI document with what every route has in common."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from fastapi import FastAPI

from kro.core.actor import AccountNotActiveError, DomainNotAllowedError, PermissionDeniedError, SessionEndedError
from kro.core.auth.tokens import InvalidTokenError
from kro.core.database.failures import DatabaseBusyError
from kro.core.decisions import BusyError, InProgressError, KeyReusedError
from kro.core.errors import KroError
from kro.core.http.errors import (
    BodyTooDeepError,
    BodyTooLargeError,
    IdempotencyKeyInvalidError,
    IdempotencyKeyMissingError,
    InvalidCursorError,
    InvalidRequestError,
    MalformedBodyError,
    UnknownParameterError,
    UnsupportedMediaError,
)
from kro.core.http.idempotency import HEADER, REQUIRED_MARK
from kro.core.http.problems import MEDIA_TYPE, Problem, problem_entry, problems
from kro.core.http.surfaces import Surface, surface_of
from kro.core.ids import UnknownIdError
from kro.core.rate_limit import RateLimitedError

_FRAMEWORK_SCHEMAS: Final = ("HTTPValidationError", "ValidationError")
_KEY_ERRORS: Final = (IdempotencyKeyInvalidError, KeyReusedError, InProgressError, BusyError)
_BODY_ERRORS: Final = (MalformedBodyError, BodyTooDeepError, BodyTooLargeError, UnsupportedMediaError)
_GUARD_ERRORS: Final[dict[str, tuple[type[KroError], ...]]] = {
    "user": (InvalidTokenError, SessionEndedError, AccountNotActiveError, DatabaseBusyError),
    "admin": (
        InvalidTokenError,
        SessionEndedError,
        AccountNotActiveError,
        PermissionDeniedError,
        DatabaseBusyError,
    ),
}
"""What each guard refuses with, by the name of its security scheme."""


def complete_openapi(app: FastAPI) -> None:
    """Make ``app.openapi()`` tell the whole truth about errors and required headers."""
    generate = app.openapi

    def complete() -> dict[str, Any]:
        document = generate()
        if not document.get("x-kro-complete"):
            _complete(document)
            document["x-kro-complete"] = True
        return document

    app.openapi = complete  # type: ignore[method-assign]  # The framework's documented way to extend the document.


def _complete(document: dict[str, Any]) -> None:
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(problem.pop("$defs"))
    schemas["Problem"] = problem
    for name in _FRAMEWORK_SCHEMAS:
        schemas.pop(name, None)
    for path, operations in document.get("paths", {}).items():
        surface = surface_of(path)
        edge: list[type[KroError]] = [] if surface is None else [DomainNotAllowedError]
        edge += [] if surface in {None, Surface.WEBHOOKS} else [RateLimitedError]
        edge += [] if surface is Surface.WEBHOOKS else [UnknownParameterError]
        for operation in operations.values():
            _complete_operation(operation, edge)


def _complete_operation(operation: dict[str, Any], edge: Sequence[type[KroError]]) -> None:
    responses = operation.setdefault("responses", {})
    if MEDIA_TYPE not in responses.get("422", {}).get("content", {MEDIA_TYPE: None}):
        del responses["422"]
    common = [*edge]
    if operation.get("parameters") or "requestBody" in operation:
        common.append(InvalidRequestError)
    if "requestBody" in operation:
        is_json = "application/json" in operation["requestBody"]["content"]
        common.extend(_BODY_ERRORS if is_json else [BodyTooLargeError])
    if any(parameter["in"] == "path" for parameter in operation.get("parameters", [])):
        common.append(UnknownIdError)
    if any(parameter["name"] == "cursor" for parameter in operation.get("parameters", [])):
        common.append(InvalidCursorError)
    common.extend(_key_errors(operation))
    for scheme in operation.get("security", ()):
        common.extend(_GUARD_ERRORS[next(iter(scheme))])
    for status, entry in problems(*common).items():
        _merge(responses, str(status), entry)
    responses.setdefault("500", problem_entry("`internal_error`"))


def _key_errors(operation: dict[str, Any]) -> Iterator[type[KroError]]:
    """Describe the idempotency key a route takes, and yield what can be wrong with it."""
    for parameter in operation.get("parameters", []):
        if parameter["name"] == HEADER:
            yield from _KEY_ERRORS
            if parameter["schema"].pop(REQUIRED_MARK, False):
                yield IdempotencyKeyMissingError
                parameter["required"] = True
            parameter["schema"] = {"type": "string", "minLength": 1, "maxLength": 255}


def _merge(responses: dict[str, Any], status: str, entry: dict[str, Any]) -> None:
    """Add examples to a status that a route may have documented itself."""
    known = responses.setdefault(status, entry)
    if known is entry:
        return
    examples = known["content"][MEDIA_TYPE].setdefault("examples", {})
    examples.update(entry["content"][MEDIA_TYPE]["examples"])
    known["description"] = ", ".join(sorted(f"`{code}`" for code in examples))
