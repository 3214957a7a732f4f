"""Users' authenticators and recovery codes. Every change ends the other sessions in its own statement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from kro.core.database.pool import Database
from kro.core.two_factor.factor import MAX_FAILURES

_STATE: Final = """
SELECT u.password_hash, coalesce(u.phone, u.email) AS account, f.confirmed_at,
       (SELECT count(*) FROM recovery_codes AS r WHERE r.user_id = u.id AND r.used_at IS NULL) AS codes_left
FROM users AS u LEFT JOIN two_factor_user AS f ON f.id = u.id WHERE u.id = $1 AND u.status = 'active'"""

_START: Final = """
WITH started AS (
    INSERT INTO two_factor_user AS f (id, secret_sealed) VALUES ($1, $2)
    ON CONFLICT (id) DO UPDATE
        SET (secret_sealed, created_at, last_used_step, failures, version)
            = (excluded.secret_sealed, now(), 0, 0, f.version + 1)
        WHERE f.confirmed_at IS NULL
    RETURNING f.id
)
SELECT apply_decision($3::text::jsonb) FROM started"""

_COUNT_TRY: Final = """
UPDATE two_factor_user SET failures = failures + 1
WHERE id = $1 AND confirmed_at IS NULL AND failures < $2 AND created_at > now() - interval '10 minutes'
RETURNING secret_sealed, version"""

# Each takes `changed`, whose factor it is; $2 and $3 are the new codes, $4 is the session that stays, $5 the record.
_FORGET_CODES: Final = "gone AS (DELETE FROM recovery_codes AS r USING changed AS c WHERE r.user_id = c.id)"
_NEW_CODES: Final = f"""
{_FORGET_CODES}, drawn AS (
    INSERT INTO recovery_codes (id, user_id, code_mac)
    SELECT n.id, c.id, n.mac FROM changed AS c, unnest($2::uuid[], $3::bytea[]) AS n (id, mac)
)"""  # noqa: S608 - built from constants only
_END_OTHERS: Final = """
ended AS (
    UPDATE sessions AS s SET revoked_at = now(), revoke_reason = 'two_factor_changed' FROM changed AS c
    WHERE s.user_id = c.id AND s.revoked_at IS NULL AND s.id IS DISTINCT FROM $4::uuid
)
SELECT apply_decision($5::text::jsonb) FROM changed"""

_CONFIRM: Final = f"""
WITH changed AS (
    UPDATE two_factor_user SET confirmed_at = now(), last_used_step = $6, failures = 0, version = version + 1
    WHERE id = $1 AND version = $7 AND confirmed_at IS NULL RETURNING id
), {_NEW_CODES}, {_END_OTHERS}"""  # noqa: S608 - built from constants only

_RENEW: Final = f"""
WITH changed AS (
    UPDATE two_factor_user SET last_used_step = $6, failures = 0, version = version + 1
    WHERE id = $1 AND confirmed_at IS NOT NULL AND last_used_step < $6 RETURNING id
), {_NEW_CODES}, {_END_OTHERS}"""  # noqa: S608 - built from constants only

# Without the factor a text message proves again what only it did: payouts rest as after a new password.
_REST: Final = """
rested AS (
    UPDATE users AS u SET credentials_changed_at = now(), version = u.version + 1, updated_at = now()
    FROM changed AS c WHERE u.id = c.id
)"""
_REMOVE_BY_STEP: Final = f"""
WITH changed AS (
    DELETE FROM two_factor_user WHERE id = $1 AND confirmed_at IS NOT NULL AND last_used_step < $2 RETURNING id
), {_FORGET_CODES}, {_REST}, {_END_OTHERS.replace("$5", "$3")}"""  # noqa: S608 - built from constants only
_REMOVE_BY_CODE: Final = f"""
WITH code AS (
    SELECT user_id FROM recovery_codes WHERE user_id = $1 AND code_mac = $2 AND used_at IS NULL FOR UPDATE
), changed AS (
    DELETE FROM two_factor_user AS f USING code WHERE f.id = code.user_id AND f.confirmed_at IS NOT NULL RETURNING f.id
), {_FORGET_CODES}, {_REST}, {_END_OTHERS.replace("$5", "$3")}"""  # noqa: S608 - built from constants only


@dataclass(frozen=True, slots=True)
class OwnFactor:
    """What an active user has: ``account`` is what an authenticator shows it under."""

    password_hash: str = field(repr=False)
    account: str = field(repr=False)
    confirmed_at: datetime | None
    codes_left: int


@dataclass(frozen=True, slots=True)
class NewCodes:
    """A set to be kept, by the hashes of its codes."""

    ids: Sequence[UUID]
    macs: Sequence[bytes] = field(repr=False)


class UserFactorStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def own(self, user_id: UUID) -> OwnFactor | None:
        row = await self._database.row(_STATE, user_id)
        return OwnFactor(**row) if row is not None else None

    async def start(self, user_id: UUID, *, sealed: str, record: str) -> bool:
        """Keep a secret that waits for its first code; ``False`` when there is a confirmed one."""
        return await self._database.row(_START, user_id, sealed, record) is not None

    async def count_try(self, user_id: UUID) -> tuple[str, int] | None:
        """Count a try to confirm, within ten minutes, and return the sealed secret and its version."""
        row = await self._database.row(_COUNT_TRY, user_id, MAX_FAILURES)
        return (row["secret_sealed"], row["version"]) if row is not None else None

    async def confirm(
        self, user_id: UUID, *, step: int, version: int, codes: NewCodes, keep: UUID | None, record: str
    ) -> bool:
        """Confirm the factor, spend the code's step, keep its recovery codes, end all sessions but ``keep``."""
        row = await self._database.row(_CONFIRM, user_id, codes.ids, codes.macs, keep, record, step, version)
        return row is not None

    async def renew(self, user_id: UUID, *, step: int, codes: NewCodes, keep: UUID | None, record: str) -> bool:
        """Replace the recovery codes as a set; ``False`` when the step was spent."""
        row = await self._database.row(_RENEW, user_id, codes.ids, codes.macs, keep, record, step)
        return row is not None

    async def remove_by_step(self, user_id: UUID, *, step: int, keep: UUID | None, record: str) -> bool:
        """Remove the factor by its own code; ``False`` when the step was spent."""
        return await self._database.row(_REMOVE_BY_STEP, user_id, step, record, keep) is not None

    async def remove_by_code(self, user_id: UUID, *, mac: bytes, keep: UUID | None, record: str) -> bool:
        """Remove the factor by a recovery code; ``False`` when there is no such unused one."""
        return await self._database.row(_REMOVE_BY_CODE, user_id, mac, record, keep) is not None
