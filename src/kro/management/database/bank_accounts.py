"""Users' bank accounts. Every query is scoped by owner: somebody else's account does not exist."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from kro.core.actor import Actor
from kro.core.auth.standing import STORED_ANSWER, USER_STANDING, Columns, read_answer, read_standing
from kro.core.database.pool import Database
from kro.core.decisions import Loaded, Once
from kro.management.database.records import AccountsOfUser, BankAccount
from kro.payment.domain import NameMatch

_LOAD: Final = f"""
SELECT {USER_STANDING}, {STORED_ANSWER}, owner.first_name, owner.last_name,
       (SELECT count(*) FROM bank_accounts AS b WHERE b.user_id = $1 AND b.removed_at IS NULL) AS live,
       EXISTS (SELECT FROM bank_accounts AS b WHERE b.user_id = $1 AND b.removed_at IS NULL AND b.bank_code = $4
               AND b.account_number_index = $5) AS known
FROM users AS owner WHERE owner.id = $1"""  # noqa: S608 - built from constants only

_NAMES: Final = "SELECT first_name, last_name FROM users WHERE id = $1"

_LIST: Final = """
SELECT * FROM bank_accounts WHERE user_id = $1 AND removed_at IS NULL ORDER BY created_at DESC, id DESC LIMIT 100"""

_REMOVE: Final = """
WITH removed AS (
    UPDATE bank_accounts SET removed_at = now() WHERE id = $1 AND user_id = $2 AND removed_at IS NULL RETURNING id
)
SELECT apply_decision($3::text::jsonb) FROM removed"""


class BankAccountStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(self, *, actor: Actor, once: Once, bank_code: str, number_index: str) -> Loaded[AccountsOfUser]:
        """Load the stored answer and the accounts there are, for an active user.

        :raises SessionEndedError: when the session is over.
        :raises AccountNotActiveError: when the user is not active.
        """
        row = await self._database.row(_LOAD, actor.id, actor.session_id, once.key, bank_code, number_index)
        found: Columns = row or {"standing": None}
        read_standing(found).ensure_active()
        accounts = AccountsOfUser(
            live=found["live"],
            known=found["known"],
            first_name=found["first_name"],
            last_name=found["last_name"],
        )
        return Loaded(accounts, answer=read_answer(found))

    async def list_live(self, user_id: UUID) -> Sequence[BankAccount]:
        rows = await self._database.rows(_LIST, user_id)
        return [_account_from(row) for row in rows]

    async def names(self, user_id: UUID) -> tuple[str, str]:
        """Return first and last name of a user."""
        row = await self._database.row(_NAMES, user_id)
        assert row is not None  # noqa: S101 - the guard has just seen this user
        return row["first_name"], row["last_name"]

    async def remove(self, bank_account_id: UUID, *, user_id: UUID, record: str) -> bool:
        """Remove a live account of its owner, with the audit row; return whether there was one."""
        return await self._database.row(_REMOVE, bank_account_id, user_id, record) is not None


def _account_from(row: Columns) -> BankAccount:
    columns = {name: row[name] for name in BankAccount.__slots__}
    return BankAccount(**columns | {"name_match": NameMatch(row["name_match"])})
