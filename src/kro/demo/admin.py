"""An admin with an authenticator at hand."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

import pyotp

from kro.demo.client import API, JSON, RefusedError

_STEP_SECONDS: Final = 30
_TRIES: Final = 3
_UNAUTHENTICATED: Final = 401


@dataclass(frozen=True, slots=True)
class AdminLogin:
    email: str
    password: str = field(repr=False)
    totp_secret: str = field(repr=False)


class Authenticator:
    """Shows codes nobody has used: each one belongs to a later step than the one before (RFC 6238, section 5.2)."""

    def __init__(
        self,
        secret: str,
        *,
        seconds_now: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._totp = pyotp.TOTP(secret)
        self._seconds_now = seconds_now
        self._sleep = sleep
        self._last_step = 0

    async def fresh_code(self) -> str:
        """Return a code not shown before: of this step, of the next one inside the window, or after a wait."""
        step = max(self._last_step + 1, self._present())
        while step > self._present() + 1:
            await self._sleep(_STEP_SECONDS - self._seconds_now() % _STEP_SECONDS)
        self._last_step = step
        return self._totp.at(step * _STEP_SECONDS)

    def _present(self) -> int:
        return int(self._seconds_now() // _STEP_SECONDS)


class AdminDesk:
    """What an admin does at the desk: log in, look, approve, reconcile."""

    def __init__(self, *, login: AdminLogin, api: API, authenticator: Authenticator | None = None) -> None:
        self._login = login
        self._api = api
        self._authenticator = authenticator or Authenticator(login.totp_secret)

    async def log_in(self) -> None:
        """Log in with password and TOTP.

        Somebody else may have used the present code already, so a refusal is tried again with a later one.

        :raises RefusedError: when later codes are refused too.
        """
        for attempt in range(_TRIES):
            credentials = {"email": self._login.email, "password": self._login.password}
            try:
                answer = await self._api.post(
                    "/v1/admin/auth/login", {**credentials, "totp": await self._authenticator.fresh_code()}
                )
            except RefusedError as refusal:
                if refusal.status != _UNAUTHENTICATED or attempt == _TRIES - 1:
                    raise
                continue
            self._api.token = answer["access_token"]
            return

    async def payout(self, payout_id: str) -> JSON:
        return await self._api.get(f"/v1/admin/payouts/{payout_id}")

    async def waiting_payouts(self) -> list[JSON]:
        """Return the first page of payouts that wait for an approval."""
        answer = await self._api.get("/v1/admin/payouts", status="awaiting_approval")
        return list(answer["data"])

    async def approve(self, payout: JSON) -> JSON:
        """Approve exactly the payout that was shown, with a code used for nothing else."""
        return await self._api.post(
            f"/v1/admin/payouts/{payout['id']}/approve",
            {"totp": await self._authenticator.fresh_code(), "approval_hash": payout["approval_hash"]},
        )

    async def chargebacks(self) -> list[JSON]:
        """Return the first page of contested payments, newest first."""
        answer = await self._api.get("/v1/admin/chargebacks")
        return list(answer["data"])

    async def reconciliation(self) -> JSON:
        return await self._api.get("/v1/admin/reconciliation")
