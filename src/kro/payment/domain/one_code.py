from __future__ import annotations

from kro.core.actor import Actor
from kro.core.two_factor import TwoFactor, WrongFactorError


class OneCode:
    """The code of one request: looked at once, however often the decision is repeated."""

    def __init__(self, two_factor: TwoFactor, *, actor: Actor, totp: str) -> None:
        self._two_factor = two_factor
        self._actor = actor
        self._totp = totp
        self._step: int | None = None

    async def check(self) -> None:
        if self._step is None:
            self._step = await self._two_factor.attempt(owner_id=self._actor.id, code=self._totp)

    def step_after(self, last_used_step: int) -> int:
        """Return the step to spend.

        :raises WrongFactorError: when it, or a later one, was spent meanwhile.
        """
        if self._step is None:
            # The decision refuses this admin anyway, so the code was not looked at; step 0 can never be spent.
            return 0
        if self._step <= last_used_step:
            raise WrongFactorError
        return self._step
