"""`kro advance`: lets time pass for one order or for all, where nobody's money is real."""

from __future__ import annotations

from datetime import timedelta

from kro.bootstrap import Application
from kro.core.config import ConfigError, Settings
from kro.core.ids import read_id
from kro.run.with_application import with_application


def advance(settings: Settings, *, hours: int, shown_id: str | None) -> None:
    """Let time pass; the worker then does what is due.

    :raises ConfigError: when the configuration has no test clock.
    :raises DatabaseUnreachableError: it does not answer or refuses us.
    """
    if not settings.app.test_clock:
        raise ConfigError(settings.app.env, ("app.testClock: there is no test clock here",))
    order_id = read_id("ord", shown_id) if shown_id is not None else None

    async def move(application: Application) -> None:
        await application.orders.test_clock.advance(timedelta(hours=hours), order_id=order_id)

    with_application(settings, move)
