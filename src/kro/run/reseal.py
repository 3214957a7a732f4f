"""`kro reseal`: seals stored values with the active key, so that an older one can leave the configuration."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Final

import asyncpg
from rich.console import Console

from kro.core.config import Settings
from kro.core.database.address import database_dsn, pool_options
from kro.core.database.alone import alone
from kro.core.database.embedded import Role
from kro.core.database.pool import Database, PoolOptions
from kro.core.encryption import FieldCipher
from kro.core.two_factor import ADMIN_FACTORS, USER_FACTORS
from kro.payment.domain import bank_account_context, payer_context
from kro.run.errors import DatabaseUnreachableError
from kro.run.resealing import SealedColumn, reseal

COLUMNS: Final = (
    SealedColumn("two_factor_admin", "admin_id", "secret_sealed", ADMIN_FACTORS.context),
    SealedColumn("two_factor_user", "id", "secret_sealed", USER_FACTORS.context),
    SealedColumn("bank_accounts", "id", "account_number_sealed", bank_account_context),
    SealedColumn("payers", "payment_id", "sealed", payer_context),
)
"""What is sealed for as long as its row is there. Data keys of identity checks are wrapped anew by the worker; all else
that is sealed goes by its age: messages, stored answers, what providers sent and were asked."""
_UNDER_WAY: Final = """
SELECT count(*) FROM transactions
WHERE kind = 'payout' AND status IN ('awaiting_approval', 'approved', 'submitting', 'submitted', 'unknown')
    AND NOT starts_with(destination ->> 'account_number_sealed', $1)"""
_LONGEST_SECONDS: Final = 600.0
_WRAPPED: Final = "SELECT count(*) FROM identity_checks WHERE NOT starts_with(number_key, $1)"


def reseal_everything(settings: Settings, console: Console) -> None:
    """Seal anew with the owner's credentials, and print what was done and what still needs an older key.

    :raises AnotherRunsError: somebody else runs it at this moment.
    :raises DatabaseUnreachableError: the database does not answer or refuses us.
    """
    security = settings.security
    cipher = FieldCipher(
        keys={key_id: key.get_secret_value() for key_id, key in security.encryption_keys.items()},
        active_key_id=security.active_encryption_key_id,
    )
    dsn = database_dsn(settings.database, Role.OWNER)
    options = replace(
        pool_options(settings.database),
        dsn=dsn,
        direct_dsn=None,
        own_limits=True,
        prepares=True,
        # The last look of a column passes over all that is sealed with the active key already.
        statement_timeout_seconds=_LONGEST_SECONDS,
    )
    try:
        asyncio.run(reseal_columns(options, cipher, console))
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
        raise DatabaseUnreachableError(str(error) or type(error).__name__) from error


async def reseal_columns(options: PoolOptions, cipher: FieldCipher, console: Console) -> None:
    """Seal every column anew through one connection of the owner, and print what came of it."""
    database = await Database.connect(options)
    try:
        async with alone(options, "kro reseal"):
            for column in COLUMNS:
                found = await reseal(database, cipher, column)
                console.print(
                    f"{column.name}: {found.done} sealed anew, {found.unreadable} unreadable", highlight=False
                )
            waiting = await database.value(_UNDER_WAY, cipher.beginning)
            wrapped = await database.value(_WRAPPED, cipher.beginning)
    finally:
        await database.close()
    console.print(
        f"Still with an older key: {waiting} payouts under way, {wrapped} identity checks (the worker's, hourly)",
        highlight=False,
    )
