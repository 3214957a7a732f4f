"""Errors as ``application/problem+json`` (RFC 9457), on the wire and in the API documentation."""

import re
from collections.abc import Mapping
from typing import Any, Final, Protocol, runtime_checkable

import orjson
from pydantic import Field
from starlette.responses import Response

from kro.core.decisions import Reply
from kro.core.errors import ErrorKind, FieldError, KroError
from kro.core.http.context import current_request
from kro.core.http.outputs import Output
from kro.core.telemetry.hooks import exported_trace_id

MEDIA_TYPE: Final = "application/problem+json"

STATUS: Final[dict[ErrorKind, int]] = {
    ErrorKind.MALFORMED: 400,
    ErrorKind.UNAUTHENTICATED: 401,
    ErrorKind.FORBIDDEN: 403,
    ErrorKind.NOT_FOUND: 404,
    ErrorKind.CONFLICT: 409,
    ErrorKind.GONE: 410,
    ErrorKind.TOO_LARGE: 413,
    ErrorKind.UNSUPPORTED_MEDIA: 415,
    ErrorKind.INVALID: 422,
    ErrorKind.RATE_LIMITED: 429,
    ErrorKind.PROVIDER_FAILED: 502,
    ErrorKind.PROVIDER_TIMEOUT: 504,
    ErrorKind.OVERLOADED: 503,
}
_SERVER_ERROR: Final = 500
# The address of a public page holds what opens it, and problems end up in logs of others.
_TOKEN: Final = re.compile(r"^(/v1/public/[a-z-]+)/[^/]+")


class ProblemField(Output):
    pointer: str = Field(
        description="JSON pointer into the body (RFC 6901), or `query:`, `path:` or `header:` and a name.",
        examples=["/amount/amount"],
    )
    code: str = Field(examples=["out_of_range"])
    detail: str = Field(examples=["Input should be greater than 0"])


class ProblemStepUp(Output):
    """What has to be proven: hand it to `POST /v1/auth/step-up` where `methods` says `sms`."""

    action: str = Field(examples=["approve_order"])
    target: str = Field(examples=["ord_01kajz7k3nf9b8r2m4q6s8t0vw"])
    amount: dict[str, str | int] | None = Field(examples=[{"amount": 60_000_000, "currency": "NGN"}])
    methods: list[str] = Field(examples=[["sms"]])


class Problem(Output):
    """Every error answer of this API. Branch on `code`; sentences may change."""

    type: str = Field(examples=["urn:kro:error:insufficient_funds"])
    title: str = Field(examples=["Insufficient funds"])
    status: int = Field(examples=[409])
    code: str = Field(description="Stable, snake_case.", examples=["insufficient_funds"])
    detail: str = Field(examples=["The balance does not cover this amount."])
    retryable: bool = Field(description="Whether the same request may succeed later.")
    instance: str | None = Field(default=None, examples=["/v1/orders"])
    request_id: str | None = Field(default=None, examples=["req_01k5v3q8e7f5m8x2y4z6a8b9cd"])
    trace_id: str | None = Field(
        default=None,
        description="The trace of the request, where one is recorded.",
        examples=["0af7651916cd43dd8448eb211c80319c"],
    )
    errors: list[ProblemField] | None = None
    facts: dict[str, str | int] | None = Field(
        default=None,
        description="What the refusal was decided on, where it helps: amounts are minor units.",
        examples=[{"limit": "order", "currency": "NGN", "allowed": 500, "used": 0, "requested": 600}],
    )
    step_up: ProblemStepUp | None = Field(default=None, description="With `step_up_required`.")


@runtime_checkable
class RateLimitFacts(Protocol):
    """What a rate-limited error may carry so that the client is told its quota (RateLimit header fields draft)."""

    policy: str
    quota: int
    window_seconds: int


def render_problem(error: KroError) -> Reply:
    """Turn an expected failure into a finished answer; also what is stored under an idempotency key."""
    fields = [{"pointer": item.pointer, "code": item.code, "detail": item.detail} for item in error.errors]
    return _reply(
        status=STATUS[error.kind],
        code=error.code,
        title=error.title(),
        detail=error.detail,
        retryable=error.retryable or error.kind in {ErrorKind.RATE_LIMITED, ErrorKind.OVERLOADED},
        fields=fields,
        facts=error.facts,
        told=error.told,
    )


def problem_response(error: KroError) -> Response:
    """Answer an expected failure, with the headers its kind calls for."""
    return _respond(render_problem(error), headers=_headers(error))


def plain_problem_response(
    *, status: int, code: str, title: str, detail: str, headers: dict[str, str] | None = None
) -> Response:
    """Answer a failure that no error class describes: the framework's own refusals and the last resort."""
    reply = _reply(
        status=status, code=code, title=title, detail=detail, retryable=False, fields=[], facts=None, told={}
    )
    return _respond(reply, headers=headers or {})


def problems(*errors: type[KroError]) -> dict[int | str, dict[str, Any]]:
    """Document the failures of a route: pass the result as its ``responses``, one example for each error class."""
    documented: dict[int | str, dict[str, Any]] = {}
    for error in errors:
        status = STATUS[error.kind]
        entry = documented.setdefault(status, problem_entry())
        content = entry["content"][MEDIA_TYPE]
        content["examples"][error.code] = {"summary": error.title(), "value": _example(error, status)}
        entry["description"] = ", ".join(sorted(f"`{code}`" for code in content["examples"]))
    return documented


def problem_entry(description: str = "") -> dict[str, Any]:
    """Return an OpenAPI response without examples that refers to the shared schema."""
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": description, "content": {MEDIA_TYPE: {"schema": schema, "examples": {}}}}


def _example(error: type[KroError], status: int) -> dict[str, Any]:
    example: dict[str, Any] = {
        "type": f"urn:kro:error:{error.code}",
        "title": error.title(),
        "status": status,
        "code": error.code,
        "detail": (error.__doc__ or error.title()).strip().splitlines()[0],
        "retryable": error.retryable or error.kind in {ErrorKind.RATE_LIMITED, ErrorKind.OVERLOADED},
        "request_id": "req_01k5v3q8e7f5m8x2y4z6a8b9cd",
    }
    if error.kind is ErrorKind.INVALID:
        field = FieldError("/field", error.code, example["detail"])
        example["errors"] = [{"pointer": field.pointer, "code": field.code, "detail": field.detail}]
    return example


def _reply(
    *,
    status: int,
    code: str,
    title: str,
    detail: str,
    retryable: bool,
    fields: list[dict[str, str]],
    facts: Mapping[str, str | int] | None,
    told: Mapping[str, Any] | None = None,
) -> Reply:
    body: dict[str, Any] = {
        "type": f"urn:kro:error:{code}",
        "title": title,
        "status": status,
        "code": code,
        "detail": detail,
        "retryable": retryable,
    }
    if request := current_request():
        body["instance"] = _TOKEN.sub(r"\1/-", request.path)
        body["request_id"] = request.request_id
    if (trace := exported_trace_id(failed=status >= _SERVER_ERROR)) is not None:
        body["trace_id"] = trace
    if fields:
        body["errors"] = fields
    if facts:
        body["facts"] = facts
    body |= told or {}
    return Reply(status=status, body=orjson.dumps(body), content_type=MEDIA_TYPE)


def _headers(error: KroError) -> dict[str, str]:
    headers: dict[str, str] = {}
    if error.kind is ErrorKind.UNAUTHENTICATED:
        headers["WWW-Authenticate"] = "Bearer"
    if error.retry_after_seconds is not None:
        headers["Retry-After"] = str(error.retry_after_seconds)
    if isinstance(error, RateLimitFacts):
        headers["RateLimit-Policy"] = f'"{error.policy}";q={error.quota};w={error.window_seconds}'
        headers["RateLimit"] = f'"{error.policy}";r=0;t={error.retry_after_seconds or error.window_seconds}'
    return headers


def _respond(reply: Reply, *, headers: dict[str, str]) -> Response:
    return Response(reply.body, status_code=reply.status, media_type=reply.content_type, headers=headers)
