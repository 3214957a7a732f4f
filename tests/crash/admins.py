"""Admins with authenticators: each code is used for one thing, so approvals wait for whoever has a fresh one."""

from __future__ import annotations

from typing import Any, Final

from tests.crash.settings import PASSWORD, admin_email, admin_secret
from tests.crash.wire import RefusedError, Wire

from kro.demo.admin import Authenticator

_TRIES: Final = 4


class Admins:
    def __init__(self, wire: Wire, *, count: int) -> None:
        self._wire = wire
        self._authenticators = {f"admin{n}": Authenticator(admin_secret(n)) for n in range(count)}
        self._free: list[str] = []

    async def log_in(self) -> None:
        for number, (name, authenticator) in enumerate(self._authenticators.items()):
            credentials = {"email": admin_email(number), "password": PASSWORD}
            answer = await self._wire.http.post(
                "/v1/admin/auth/login", json={**credentials, "totp": await authenticator.fresh_code()}
            )
            assert answer.is_success, answer.text
            self._wire.tokens[name] = answer.json()["access_token"]
            self._free.append(name)

    def at_hand(self) -> str | None:
        """Take an admin who has a code that was used for nothing yet, if there is one."""
        for name in self._free:
            shown = self._authenticators[name]
            if shown._last_step <= shown._present():
                self._free.remove(name)
                return name
        return None

    def anybody(self) -> str:
        """Return an admin for what needs no code."""
        return next(iter(self._authenticators))

    async def approve(self, name: str, payout_id: str) -> Any:
        """Approve a payout as an admin who was at hand, who is free again afterwards.

        :raises RefusedError: when it is refused for another reason than a code that has grown too old.
        """
        try:
            shown = await self._wire.get(name, f"/admin/payouts/{payout_id}")
            for attempt in range(_TRIES):
                # A refused code leaves nothing behind, so another code is another command with a key of its own.
                code = await self._authenticators[name].fresh_code()
                body = {"totp": code, "approval_hash": shown["approval_hash"]}
                try:
                    return await self._wire.command(name, f"/admin/payouts/{payout_id}/approve", body)
                except RefusedError as refusal:
                    if refusal.operation.code != "two_factor_incorrect" or attempt == _TRIES - 1:
                        raise
        finally:
            self._free.append(name)
        raise AssertionError("the loop returns or raises")

    async def reject(self, payout_id: str) -> Any:
        return await self._wire.command(
            self.anybody(), f"/admin/payouts/{payout_id}/reject", {"reason": "Not this time."}
        )
