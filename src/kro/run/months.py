"""`kro months`: old months of the audit log, shown, detached and checked from a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console

from kro.bootstrap import Application
from kro.core.audit import AuditMonth
from kro.core.config import Settings
from kro.core.database.address import database_dsn
from kro.core.database.embedded import Role
from kro.run.with_application import with_application


def list_months(settings: Settings, console: Console) -> None:
    """Print the months that are attached, oldest first, and those that are detached.

    :raises DatabaseUnreachableError: it does not answer or refuses us.
    """

    async def ask(application: Application) -> tuple[Sequence[str], Sequence[AuditMonth]]:
        months = application.auditing.months
        return await months.attached(), await months.detached()

    attached, detached = with_application(settings, ask)
    for month in detached:
        console.print(f"{month.partition}: detached, {_told(month)}", highlight=False)
    for partition in attached:
        console.print(partition, highlight=False)


def detach_month(settings: Settings, console: Console, *, partition: str) -> None:
    """Detach a month and print what it came to.

    :raises DatabaseUnreachableError: it does not answer or refuses us.
    :raises MonthKeptError: it is too young, not sealed or not in files yet, or not attached.
    :raises ArchiveBrokenError: the rows, or what a file holds of them, are not what was sealed.
    """
    owner_dsn = database_dsn(settings.database, Role.OWNER)

    async def detach(application: Application) -> AuditMonth:
        months, days = application.auditing.months, settings.retention.audit_days
        return await months.detach(partition, owner_dsn=owner_dsn, older_than_days=days)

    month = with_application(settings, detach)
    console.print(f"{month.partition} is detached: {_told(month)}. The table is still there.", highlight=False)


def verify_months(settings: Settings, console: Console) -> None:
    """Print each detached month whose files hold what was sealed.

    :raises DatabaseUnreachableError: it does not answer or refuses us.
    :raises ArchiveBrokenError: at the first that does not.
    :raises ObjectNotFoundError: a file is gone.
    """

    async def verify(application: Application) -> Sequence[AuditMonth]:
        return await application.auditing.months.verify()

    for month in with_application(settings, verify):
        console.print(f"{month.partition} holds: {_told(month)}", highlight=False)


def _told(month: AuditMonth) -> str:
    if month.rows == 0:
        return "no rows"
    return f"{month.rows} rows at positions {month.first} to {month.through}"
