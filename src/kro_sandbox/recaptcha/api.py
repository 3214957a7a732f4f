"""reCAPTCHA's SiteVerify: a token says itself what it is worth, and works once.

``ok:0.9:otp_send:app.example.com`` is a good one of v3; an empty part leaves its fact out (``ok:::app.example.com`` is
one of v2), and a fifth part makes tokens different that are worth the same. Answers are 200 whatever the token is.
"""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kro_sandbox.core.clock import Clock
from kro_sandbox.core.faults import TRANSPORT, FaultBook, FaultKind
from kro_sandbox.core.faulty import with_faults
from kro_sandbox.core.wire import JSONObject, MalformedBodyError, json_response, read_object
from kro_sandbox.settings import SandboxSettings

OPERATIONS: dict[str, frozenset[FaultKind]] = {"siteverify": TRANSPORT}
_FEWEST_PARTS = 4


def rate_limited(request: Request, retry_after: int) -> Response:  # noqa: ARG001  the signature all vendors share
    return json_response({}, status=429, headers={"retry-after": str(retry_after)})


class RecaptchaAPI:
    def __init__(self, *, settings: SandboxSettings, clock: Clock, faults: FaultBook) -> None:
        self._secret = settings.recaptcha_secret
        self._clock = clock
        self._faults = faults
        self._used: set[str] = set()

    def reset(self) -> None:
        self._used.clear()

    def routes(self) -> list[Route]:
        verify = with_faults(
            self._verify,
            faults=self._faults,
            vendor="recaptcha",
            operation="siteverify",
            rate_limited=rate_limited,
            kinds=TRANSPORT,
        )
        return [Route("/google/recaptcha/api/siteverify", verify, methods=["POST"])]

    async def _verify(self, request: Request) -> Response:
        try:
            form = await read_object(request)
        except MalformedBodyError:
            return _refusal("bad-request")
        if not form.get("secret"):
            return _refusal("missing-input-secret")
        if form["secret"] != self._secret:
            return _refusal("invalid-input-secret")
        if not form.get("response"):
            return _refusal("missing-input-response")
        return self._judge(str(form["response"]))

    def _judge(self, token: str) -> Response:
        kind, *parts = token.split(":")
        if kind not in {"ok", "old"} or len(parts) < _FEWEST_PARTS - 1:
            return _refusal("invalid-input-response")
        if token in self._used or kind == "old":
            return _refusal("timeout-or-duplicate")
        self._used.add(token)
        score, action, hostname = parts[:3]
        answer: JSONObject = {"success": True, "challenge_ts": f"{_now(self._clock):%Y-%m-%dT%H:%M:%SZ}"}
        if hostname:
            answer["hostname"] = hostname
        if score:
            answer["score"] = float(score)
        if action:
            answer["action"] = action
        return json_response(answer)


def _now(clock: Clock) -> datetime:
    return clock.now().astimezone(UTC)


def _refusal(code: str) -> Response:
    return json_response({"success": False, "error-codes": [code]})
