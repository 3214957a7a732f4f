"""Paystack's side as a script: what it answers, call by call, and what it was asked."""

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import httpx2
import pytest

from kro.core.outgoing import RetryPolicy
from kro.payment.providers import PaymentProvider
from kro.payment.providers.paystack import Paystack, PaystackSettings

Answer = httpx2.Response | Exception


@dataclass
class ScriptedPaystack:
    """Answers each path from its own list, the last answer again and again."""

    answers: dict[str, list[Answer]] = field(default_factory=dict)
    requests: list[httpx2.Request] = field(default_factory=list)
    provider: PaymentProvider = field(init=False)

    def answer(self, path: str, *answers: Answer) -> None:
        self.answers[path] = list(answers)

    def handle(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        answers = self.answers[request.url.path]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, Exception):
            raise answer
        # A response can be read once; the script may give it again.
        return httpx2.Response(answer.status_code, headers=answer.headers, content=answer.content)

    def asked(self, path: str) -> list[httpx2.Request]:
        return [request for request in self.requests if request.url.path == path]

    def sent(self, path: str) -> dict[str, object]:
        """Return the body of the only request to a path."""
        [request] = self.asked(path)
        body = json.loads(request.content)
        assert isinstance(body, dict)
        return body


async def _no_sleep(_: float) -> None:
    return


@pytest.fixture
async def paystack() -> AsyncIterator[ScriptedPaystack]:
    script = ScriptedPaystack()
    async with Paystack(
        PaystackSettings(secret_key="sk_test_unit", webhook_secrets=("sk_test_unit",)),
        transport=httpx2.MockTransport(script.handle),
        retry=RetryPolicy(jitter=lambda: 0.0),
        sleep=_no_sleep,
    ) as client:
        script.provider = client.provider
        yield script


@pytest.fixture
def ok() -> Callable[[object], httpx2.Response]:
    """Wrap data the way every successful call does."""
    return lambda data: httpx2.Response(200, json={"status": True, "message": "ok", "data": data})


@pytest.fixture
def refusal() -> Callable[..., httpx2.Response]:
    """Build a refusal as documented: status, code and sentence."""

    def build(status: int, code: str | None = None, message: str = "No") -> httpx2.Response:
        body: dict[str, object] = {"status": False, "message": message}
        return httpx2.Response(status, json=body if code is None else {**body, "code": code})

    return build
