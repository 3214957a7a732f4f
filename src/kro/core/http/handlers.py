"""Where errors leave the application: every one becomes a problem with a stable code."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from kro.core.errors import KroError
from kro.core.http.errors import AddressNotFoundError, BodyTooLargeError, MalformedBodyError
from kro.core.http.problems import STATUS, plain_problem_response, problem_response
from kro.core.http.validation import to_error
from kro.core.telemetry import get_logger

_log = get_logger()

_SERVER_ERROR: Final = 500
_KNOWN: Final[dict[int, type[KroError]]] = {
    400: MalformedBodyError,
    404: AddressNotFoundError,
    413: BodyTooLargeError,
}


def add_handlers(app: FastAPI) -> None:
    """Register the handlers. Bugs are not among them: the last-resort layer has those."""
    app.add_exception_handler(KroError, _on_kro_error)
    app.add_exception_handler(RequestValidationError, _on_invalid_request)
    app.add_exception_handler(HTTPException, _on_http_exception)


async def _on_kro_error(_: Request, error: Exception) -> Response:
    if not isinstance(error, KroError):
        raise error
    if STATUS[error.kind] >= _SERVER_ERROR:
        _log.warning("request_failed", code=error.code, kind=error.kind)
    return problem_response(error)


async def _on_invalid_request(_: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    return problem_response(to_error(error.errors()))


async def _on_http_exception(_: Request, error: Exception) -> Response:
    """Answer the framework's own refusals; its texts are not repeated, they may quote the request."""
    if not isinstance(error, HTTPException):
        raise error
    if known := _KNOWN.get(error.status_code):
        return problem_response(known())
    title = HTTPStatus(error.status_code).phrase.capitalize()
    return plain_problem_response(
        status=error.status_code,
        code=title.lower().replace(" ", "_").replace("-", "_"),
        title=title,
        detail=f"{title}.",
        headers=dict(error.headers or {}),
    )
