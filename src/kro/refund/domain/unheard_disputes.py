"""Disputes whose events never reached us: the provider's list names them."""

from __future__ import annotations

from datetime import timedelta

from kro.core.clock import Clock
from kro.core.telemetry import get_logger
from kro.payment.domain import DisputeLister, ProviderUnavailableError
from kro.refund.database.chargebacks import ChargebackRepository
from kro.refund.domain.chargebacks import ChargebackService

log = get_logger()


class UnheardDisputes:
    """Compares what one provider lists with the chargebacks on record; ``look_back`` is how far its list is read."""

    def __init__(
        self,
        *,
        provider: str,
        lister: DisputeLister,
        chargebacks: ChargebackRepository,
        service: ChargebackService,
        look_back: timedelta,
        clock: Clock,
    ) -> None:
        self._provider = provider
        self._lister = lister
        self._chargebacks = chargebacks
        self._service = service
        self._look_back = look_back
        self._clock = clock

    async def take_in(self) -> int:
        """Ask about every dispute we have no chargeback for, as its event would have us do; return how many.

        One that was won before we heard of it, or that does not fit our books, leaves no chargeback and is asked about
        again as long as the list shows it: that moves nothing, and people are told of what does not fit once.
        """
        now = self._clock.now()
        try:
            listed = await self._lister.disputes(since=now - self._look_back, until=now)
        except ProviderUnavailableError as error:
            # The next time asks for the same days again.
            log.warning("disputes_not_listed", provider=self._provider, reason_code=error.cause)
            return 0
        unheard = await self._chargebacks.unheard_of(self._provider, listed)
        for provider_reference in unheard:
            await self._service.follow_up(provider_reference)
        return len(unheard)
