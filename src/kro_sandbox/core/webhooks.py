"""Delivery of signed webhooks: beside the requests, with retries, and as unreliable as the script wants."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from kro_sandbox.core.background import Background
from kro_sandbox.core.clock import Clock, iso
from kro_sandbox.core.faults import TAMPER, WEBHOOK, Fault, FaultBook, FaultKind
from kro_sandbox.core.options import Options
from kro_sandbox.core.replies import Judge, Verdict, by_status
from kro_sandbox.core.tamper import tampered
from kro_sandbox.core.wire import JSONObject, compact_json

if TYPE_CHECKING:
    from httpx2 import AsyncClient

Sign = Callable[[bytes], dict[str, str]]
_KEPT = 20_000
_HELD_AT_MOST = 5.0


class DeliveryState(StrEnum):
    SCHEDULED = "scheduled"
    DELIVERED = "delivered"
    REFUSED = "refused"
    FAILED = "failed"
    LOST = "lost"


@dataclass(slots=True, kw_only=True)
class Attempt:
    at: str
    status: int | None
    error: str | None
    verdict: Verdict
    milliseconds: int

    def body(self) -> JSONObject:
        return {
            "at": self.at,
            "status": self.status,
            "error": self.error,
            "verdict": self.verdict,
            "milliseconds": self.milliseconds,
        }


@dataclass(slots=True, kw_only=True)
class Delivery:
    id: str
    vendor: str
    event: str
    reference: str
    url: str
    headers: dict[str, str]
    content: bytes
    at: str
    judge: Judge
    repeats: int | None
    fault: str | None = None
    state: DeliveryState = DeliveryState.SCHEDULED
    attempts: list[Attempt] = field(default_factory=list)

    def body(self) -> JSONObject:
        return {
            "id": self.id,
            "vendor": self.vendor,
            "event": self.event,
            "reference": self.reference,
            "url": self.url,
            "state": self.state,
            "fault": self.fault,
            "headers": self.headers,
            "signature": next(
                (value for name, value in self.headers.items() if name.lower().endswith("signature")), None
            ),
            "body": self.content.decode(),
            "at": self.at,
            "attempts": [attempt.body() for attempt in self.attempts],
        }


class WebhookSender:
    """Sends webhooks of all vendors and remembers each delivery.

    What the vendor does not take for an answer is sent again after the delays given.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        background: Background,
        faults: FaultBook,
        options: Options,
        retry_delays: tuple[float, ...],
        timeout: float,
    ) -> None:
        self._clock = clock
        self._background = background
        self._faults = faults
        self._options = options
        self._retry_delays = retry_delays
        self._timeout = timeout
        self._client: AsyncClient | None = None
        self._deliveries: deque[Delivery] = deque(maxlen=_KEPT)
        self._held: list[asyncio.Event] = []
        self._count = 0

    def send(
        self,
        *,
        vendor: str,
        event: str,
        reference: str,
        payload: JSONObject,
        sign: Sign,
        forged: bool = False,
        forge: Sign | None = None,
        judge: Judge = by_status,
        repeats: int | None = None,
        path: str | None = None,
        as_form: bool = False,
        raw: bytes | None = None,
    ) -> Delivery:
        """Schedule one event; what the script says about the vendor's webhooks happens to it.

        `forge` signs as somebody without the key would; `judge` reads the reply as the vendor does; `repeats` is how
        often it tries again at most, as long as there are delays by default. `path` is where on the server, with a
        query, if not at the vendor's usual place; `raw` is the body where it is not the compact JSON of the payload.
        """
        fault = self._faults.take(vendor=vendor, operations=(f"webhook:{event}", "webhook"), kinds=WEBHOOK)
        if fault is not None and fault.kind in TAMPER:
            payload = tampered(payload, fault)
        content = urlencode(payload).encode() if as_form else raw or compact_json(payload)
        kind = "application/x-www-form-urlencoded" if as_form else "application/json"
        forged = forged or (fault is not None and fault.kind is FaultKind.FORGED)
        # A forger knows the format but not the key: he signs another message correctly, unless that is too easy.
        headers = (forge or _of_another_message(sign))(content) if forged else sign(content)
        self._count += 1
        delivery = Delivery(
            id=f"delivery_{self._count}",
            vendor=vendor,
            event=event,
            reference=reference,
            url=f"{self._options.webhook_target.rstrip('/')}{path or f'/v1/webhooks/{vendor}'}",
            headers={"content-type": kind, **headers},
            content=content,
            at=iso(self._clock.now()),
            judge=judge,
            repeats=repeats,
            fault=None if fault is None else fault.kind,
        )
        self._deliveries.append(delivery)
        if fault is not None and fault.kind is FaultKind.LOST:
            delivery.state = DeliveryState.LOST
        else:
            self._background.start(lambda: self._deliver(delivery, fault))
        return delivery

    def resend(self, delivery_id: str) -> Delivery | None:
        """Send the very same bytes again."""
        delivery = next((known for known in self._deliveries if known.id == delivery_id), None)
        if delivery is not None:
            self._background.start(lambda: self._deliver(delivery, None))
        return delivery

    def find(
        self, *, vendor: str | None = None, event: str | None = None, reference: str | None = None
    ) -> list[Delivery]:
        return [
            delivery
            for delivery in self._deliveries
            if (not vendor or delivery.vendor == vendor)
            and (not event or delivery.event == event)
            and (not reference or delivery.reference == reference)
        ]

    def clear(self) -> None:
        self._deliveries.clear()
        self._held.clear()

    async def close(self) -> None:
        if self._client is not None:
            await self._client.aclose()

    async def _deliver(self, delivery: Delivery, fault: Fault | None) -> None:
        copies = 1
        if fault is not None:
            if fault.kind is FaultKind.LATE:
                await asyncio.sleep(fault.number("milliseconds", 5_000) / 1000)
            elif fault.kind is FaultKind.OUT_OF_ORDER:
                await self._wait_for_another()
            elif fault.kind is FaultKind.DUPLICATE:
                copies = fault.whole("copies", 2)
        for delay in (*self._retry_delays[: delivery.repeats], None):
            verdicts = await asyncio.gather(*(self._attempt(delivery) for _ in range(copies)))
            self._release_held()
            if Verdict.RECEIVED in verdicts:
                delivery.state = DeliveryState.DELIVERED
                return
            if Verdict.REFUSED in verdicts:
                delivery.state = DeliveryState.REFUSED
                return
            if delay is not None:
                await asyncio.sleep(delay)
        delivery.state = DeliveryState.FAILED

    async def _wait_for_another(self) -> None:
        overtaken = asyncio.Event()
        self._held.append(overtaken)
        try:
            await asyncio.wait_for(overtaken.wait(), timeout=_HELD_AT_MOST)
        except TimeoutError:
            self._held.remove(overtaken)

    def _release_held(self) -> None:
        held, self._held = self._held, []
        for overtaken in held:
            overtaken.set()

    async def _attempt(self, delivery: Delivery) -> Verdict:
        from httpx2 import HTTPError  # noqa: PLC0415  a quarter of a second that the start does not have to wait for

        loop = asyncio.get_running_loop()
        began = loop.time()
        status, error, verdict = None, None, Verdict.REPEAT
        try:
            response = await self._http().post(delivery.url, content=delivery.content, headers=delivery.headers)
            status = response.status_code
            verdict = delivery.judge(status, response.content)
        except HTTPError as failure:
            error = type(failure).__name__
        milliseconds = round((loop.time() - began) * 1000)
        delivery.attempts.append(
            Attempt(at=iso(self._clock.now()), status=status, error=error, verdict=verdict, milliseconds=milliseconds)
        )
        return verdict

    def _http(self) -> "AsyncClient":
        from httpx2 import AsyncClient  # noqa: PLC0415  as above

        if self._client is None:
            self._client = AsyncClient(timeout=self._timeout, trust_env=False, follow_redirects=False)
        return self._client


def _of_another_message(sign: Sign) -> Sign:
    return lambda content: sign(content + b"\n")
