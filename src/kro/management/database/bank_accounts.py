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

_LOAD: Final = f"""
SELECT {USER_STANDING}, {STORED_ANSWER},
       (SELECT count(*) FROM bank_accounts AS b WHERE b.user_id = $1 AND b.removed_at IS NULL) AS live,
       EXISTS (SELECT FROM bank_accounts AS b WHERE b.user_id = $1 AND b.removed_at IS NULL AND b.bank_code = $4
               AND b.account_number_index = $5) AS known"""  # noqa: S608 - built from constants only

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
        return Loaded(AccountsOfUser(live=found["live"], known=found["known"]), answer=read_answer(found))

    async def list_live(self, user_id: UUID) -> Sequence[BankAccount]:
        rows = await self._database.rows(_LIST, user_id)
        return [BankAccount(**{name: row[name] for name in BankAccount.__slots__}) for row in rows]

    async def remove(self, bank_account_id: UUID, *, user_id: UUID, record: str) -> bool:
        """Remove a live account of its owner, with the audit row; return whether there was one."""
        return await self._database.row(_REMOVE, bank_account_id, user_id, record) is not None
