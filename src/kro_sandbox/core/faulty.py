"""Endpoints that misbehave when the script says so."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable

from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from kro_sandbox.core.faults import HTTP, TAMPER, Fault, FaultBook, FaultKind
from kro_sandbox.core.tamper import tampered
from kro_sandbox.core.wire import json_response

Endpoint = Callable[[Request], Awaitable[Response]]
RateLimited = Callable[[Request, int], Response]

_GATEWAY_PAGE = (
    "<html>\r\n<head><title>{status} {reason}</title></head>\r\n<body>\r\n"
    "<center><h1>{status} {reason}</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
)
_REASONS = {
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Temporarily Unavailable",
    504: "Gateway Time-out",
}


def with_faults(
    endpoint: Endpoint,
    *,
    faults: FaultBook,
    vendor: str,
    operation: str,
    rate_limited: RateLimited,
    kinds: frozenset[FaultKind] = HTTP,
) -> Endpoint:
    """Wrap an endpoint so that scripted faults of the vendor's operation happen to its callers.

    A caller who hung up before its request was read, or before a late answer, is asked after no more: its straggler
    neither acts nor uses up what was scripted for others.
    """

    async def serve(request: Request) -> Response:
        await request.body()
        fault = faults.take(vendor=vendor, operations=(operation, "*"), kinds=kinds)
        if fault is None:
            return await endpoint(request)
        return await _misbehave(endpoint, request, fault, rate_limited)

    return serve


async def _misbehave(endpoint: Endpoint, request: Request, fault: Fault, rate_limited: RateLimited) -> Response:
    match fault.kind:
        case FaultKind.LATE:
            if await _hangs_up(request, within=fault.number("milliseconds", 1000) / 1000):
                raise ClientDisconnect
            return await endpoint(request)
        case FaultKind.TIMEOUT:
            return await _hold(request, fault)
        case FaultKind.HTTP_ERROR:
            return _gateway_error(fault)
        case FaultKind.RATE_LIMITED:
            return rate_limited(request, fault.whole("retry_after", 1))
        case _:
            return await _spoil(await endpoint(request), request, fault)


async def _spoil(answer: Response, request: Request, fault: Fault) -> Response:
    match fault.kind:
        case FaultKind.ACT_THEN_TIMEOUT:
            return await _hold(request, fault)
        case FaultKind.ACT_THEN_HTTP_ERROR:
            return _gateway_error(fault)
        case FaultKind.TRUNCATED:
            return TruncatedResponse(answer)
        case FaultKind.SLOW_DRIP:
            return _drip(answer, bytes_per_second=fault.number("bytes_per_second", 1))
        case kind if kind in TAMPER:
            wrong = tampered(json.loads(bytes(answer.body)), fault)
            return json_response(wrong, status=answer.status_code)
        case _:
            return answer


async def _hold(request: Request, fault: Fault) -> Response:
    return await hang(request, seconds=fault.number("seconds", 60))


async def hang(request: Request, *, seconds: float) -> Response:
    """Say nothing until the caller gives up; a patient caller gets what a gateway says in the end."""
    await _hangs_up(request, within=seconds)
    return HTMLResponse(_GATEWAY_PAGE.format(status=504, reason=_REASONS[504]), status_code=504)


async def _hangs_up(request: Request, *, within: float) -> bool:
    async def hung_up() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass

    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(hung_up(), timeout=within)
        return True
    return False


def _gateway_error(fault: Fault) -> Response:
    status = fault.whole("status", 502)
    if fault.params.get("html", True):
        return HTMLResponse(
            _GATEWAY_PAGE.format(status=status, reason=_REASONS.get(status, "Error")), status_code=status
        )
    return json_response({"status": False, "message": "An error occurred"}, status=status)


def _drip(answer: Response, *, bytes_per_second: float) -> Response:
    body = bytes(answer.body)

    async def drops() -> AsyncIterator[bytes]:
        for position in range(len(body)):
            yield body[position : position + 1]
            await asyncio.sleep(1 / bytes_per_second)

    return StreamingResponse(drops(), status_code=answer.status_code, headers=dict(answer.headers))


class TruncatedResponse(Response):
    """Announces the whole answer, sends half of it and hangs up."""

    def __init__(self, answer: Response) -> None:
        super().__init__(bytes(answer.body), status_code=answer.status_code, headers=dict(answer.headers))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002  the ASGI signature
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        half = bytes(self.body)[: len(self.body) // 2]
        await send({"type": "http.response.body", "body": half, "more_body": True})
