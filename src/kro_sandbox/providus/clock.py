"""Times as the bank writes them, in more than one form, all of Lagos."""

from datetime import datetime, timedelta, timezone

LAGOS = timezone(timedelta(hours=1))


def plain(moment: datetime) -> str:
    return moment.astimezone(LAGOS).strftime("%Y-%m-%d %H:%M:%S")


def american(moment: datetime) -> str:
    """Write `1/19/2024 10:12:53 AM`."""
    local = moment.astimezone(LAGOS)
    return f"{local.month}/{local.day}/{local.year} {local.hour % 12 or 12}:{local:%M:%S %p}"
