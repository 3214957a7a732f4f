from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from kro.core.actor import Actor
from kro.core.auth.standing import STORED_ANSWER, USER_STANDING, Columns, read_answer, read_standing
from kro.core.database.pool import Database
from kro.core.decisions import Loaded, Once
from kro.payment.database.provider_records import AccountHolderState, AccountRequest, AccountStatus, LentAccount

_COLUMNS: Final = """
v.id, v.user_id, v.provider, v.currency, v.reference, v.status, v.provider_reference, v.account_number, v.account_name,
v.bank_name, v.failure_code, v.version, v.created_at, v.updated_at"""

_OF_USER: Final = f"""
SELECT {USER_STANDING}, {_COLUMNS}
FROM (SELECT) AS one LEFT JOIN virtual_accounts AS v ON v.user_id = $1 ORDER BY v.created_at DESC, v.id DESC"""  # noqa: S608 - built from constants only

_FOR_REQUEST: Final = f"""
SELECT {USER_STANDING}, {STORED_ANSWER}, {_COLUMNS}
FROM (SELECT) AS one LEFT JOIN virtual_accounts AS v ON v.user_id = $1 AND v.currency = $4"""  # noqa: S608 - built from constants only

_FOR_LENDING: Final = f"""
SELECT {_COLUMNS}, u.first_name, u.last_name, coalesce(u.phone, '') AS phone
FROM virtual_accounts AS v JOIN users AS u ON u.id = v.user_id WHERE v.id = $1"""  # noqa: S608 - built from constants only


class LentAccountRepository:
    """Accounts that providers lend to users for good."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of_user(self, actor: Actor) -> AccountRequest:
        """Load the actor with all that is lent to them, newest first."""
        return _request_from(await self._database.rows(_OF_USER, actor.id, actor.session_id))

    async def for_request(self, *, actor: Actor, currency: str, once: Once) -> Loaded[AccountRequest]:
        """Load the actor with what was lent to them for a currency."""
        rows = await self._database.rows(_FOR_REQUEST, actor.id, actor.session_id, once.key, currency)
        return Loaded(_request_from(rows), read_answer(rows[0]))

    async def for_lending(self, account_id: UUID) -> AccountHolderState | None:
        """Load an account with whose name it is to carry."""
        row = await self._database.row(_FOR_LENDING, account_id)
        if row is None:
            return None
        return AccountHolderState(
            account=_account_from(row),
            first_name=row["first_name"],
            last_name=row["last_name"],
            phone=row["phone"],
        )


def _request_from(rows: Sequence[Columns]) -> AccountRequest:
    lent = tuple(_account_from(row) for row in rows if row["id"] is not None)
    return AccountRequest(standing=read_standing(rows[0]), lent=lent)


def _account_from(row: Columns) -> LentAccount:
    return LentAccount(
        id=row["id"],
        user_id=row["user_id"],
        provider=row["provider"],
        currency=row["currency"],
        reference=row["reference"],
        status=AccountStatus(row["status"]),
        provider_reference=row["provider_reference"],
        account_number=row["account_number"],
        account_name=row["account_name"],
        bank_name=row["bank_name"],
        failure_code=row["failure_code"],
        version=row["version"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )
