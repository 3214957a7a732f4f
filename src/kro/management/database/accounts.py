"""Users: opened by a proven phone number, entered by a password."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from kro.core.actor import Actor, SessionEndedError
from kro.core.auth.refresh import RefreshToken
from kro.core.auth.sessions import Client, SessionPolicy
from kro.core.auth.standing import USER_STANDING, Columns, ensure_may_read
from kro.core.database.pool import Database
from kro.management.database.records import Credentials, Match, NewUser, UserView
from kro.verification.domain import REDEEM_CODE

_COLUMNS: Final = """
u.id, u.phone, u.email, u.email_verified_at IS NOT NULL AS email_verified, u.first_name, u.last_name, u.status,
u.kyc_tier, u.created_at"""

# Who was invited into an order before they had an account keeps the id that the order knows: what is recorded about the
# opening was written before that id was known, so the new one gives way to it.
_OPEN_ACCOUNT: Final = f"""
WITH {REDEEM_CODE}, opened AS (
    INSERT INTO users (id, phone, email, first_name, last_name, password_hash, status, role_code, kyc_tier,
                       phone_verified_at, email_verified_at)
    SELECT $2, r.phone, coalesce(r.email, $3), $4, $5, $6, 'active', 'member', num_nonnulls(r.phone),
           CASE WHEN r.phone IS NOT NULL THEN now() END, CASE WHEN r.email IS NOT NULL THEN now() END
    FROM redeemed AS r
    WHERE NOT EXISTS (SELECT FROM users AS x WHERE x.email = r.email AND x.email_verified_at IS NOT NULL)
    ON CONFLICT (phone) DO UPDATE
        SET (email, first_name, last_name, password_hash, status, role_code, kyc_tier, phone_verified_at, version,
             updated_at)
            = (excluded.email, excluded.first_name, excluded.last_name, excluded.password_hash, excluded.status,
               excluded.role_code, excluded.kyc_tier, excluded.phone_verified_at, users.version + 1, now())
        WHERE users.status = 'invited'
    RETURNING id
)
SELECT apply_decision(replace($7::text, $2::uuid::text, o.id::text)::jsonb) FROM opened AS o"""  # noqa: S608 - built from constants only

_CREDENTIAL_COLUMNS: Final = """
users.id, users.status, users.password_hash,
EXISTS (SELECT FROM two_factor_user AS f WHERE f.id = users.id AND f.confirmed_at IS NOT NULL) AS has_factor,
ARRAY(SELECT DISTINCT s.country FROM sessions AS s WHERE s.user_id = users.id AND s.country IS NOT NULL) AS countries"""
_CREDENTIALS: Final = f"""
SELECT {_CREDENTIAL_COLUMNS} FROM users
WHERE (phone = $1 OR (email = $2 AND email_verified_at IS NOT NULL)) AND status <> 'invited'"""  # noqa: S608 - built from constants only

_CREDENTIALS_OF: Final = f"SELECT {_CREDENTIAL_COLUMNS} FROM users WHERE id = $1"  # noqa: S608 - built from constants only

# The password is checked outside of any transaction; if it or the status changed meanwhile, no session opens. Nor does
# one for somebody with an authenticator unless a code of it ($11) or a recovery code ($12) is used up right here: of
# two logins with one code, one finds it used.
_OPEN_SESSION: Final = f"""
WITH stepped AS (
    UPDATE two_factor_user SET last_used_step = $11, failures = 0, version = version + 1
    WHERE id = $1 AND confirmed_at IS NOT NULL AND last_used_step < $11 RETURNING id
), recovered AS (
    UPDATE recovery_codes SET used_at = now() WHERE user_id = $1 AND code_mac = $12 AND used_at IS NULL
    RETURNING user_id AS id
), holder AS (
    SELECT {_COLUMNS} FROM users AS u WHERE u.id = $1 AND u.status = 'active' AND u.password_hash = $2
    AND (NOT EXISTS (SELECT FROM two_factor_user AS f WHERE f.id = u.id AND f.confirmed_at IS NOT NULL)
         OR EXISTS (SELECT FROM stepped UNION ALL SELECT FROM recovered))
), renewed AS (
    UPDATE users AS x SET password_hash = $3, updated_at = now() FROM holder AS h
    WHERE x.id = h.id AND $3::text IS NOT NULL
), opened AS (
    INSERT INTO sessions (id, audience, user_id, refresh_hash, ip, user_agent, expires_at, country)
    SELECT $4, 'user', h.id, $5, $6, $7, now() + $8::interval, $10 FROM holder AS h RETURNING user_id
)
SELECT h.*, apply_decision($9::text::jsonb)::text FROM holder AS h JOIN opened AS o ON o.user_id = h.id"""  # noqa: S608 - built from constants only

_PROFILE: Final = f"""
SELECT {_COLUMNS}, {USER_STANDING} FROM users AS u WHERE u.id = $1"""  # noqa: S608 - built from constants only

_VIEW: Final = f"SELECT {_COLUMNS} FROM users AS u WHERE u.id = $1"  # noqa: S608 - built from constants only

_CHANGE: Final = f"""
WITH changed AS (
    UPDATE users AS u SET (first_name, last_name, email, version, updated_at)
        = (SELECT n.first_name, n.last_name, CASE WHEN u.email_verified_at IS NULL THEN n.email ELSE u.email END,
                  u.version + 1, now()
           FROM jsonb_populate_record(u, $2::jsonb) AS n)
    WHERE u.id = $1 AND (NOT $2::jsonb ?| ARRAY['first_name', 'last_name'] OR NOT EXISTS (
        SELECT FROM identity_checks WHERE user_id = $1 AND status IN ('pending', 'review', 'verified')))
    RETURNING {_COLUMNS}
)
SELECT c.*, apply_decision($3::text::jsonb)::text FROM changed AS c"""  # noqa: S608 - built from constants only

_FIND: Final = """
SELECT id, first_name || ' ' || left(last_name, 1) || '.' AS display_name FROM users
WHERE phone = $1 AND status = 'active' AND NOT has_blocked(id, $2)"""

_SEED_USER: Final = """
INSERT INTO users (id, phone, email, first_name, last_name, password_hash, status, role_code, kyc_tier,
                   phone_verified_at)
VALUES ($1, $2, $3, $4, $5, $6, 'active', 'member', $7, now()) ON CONFLICT (phone) DO NOTHING"""


class UserAccounts:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def open(self, user: NewUser, *, challenge_id: UUID, record: str) -> bool:
        """Redeem a challenge and open the account it proved the number for; ``False`` when either was done before."""
        row = await self._database.row(
            _OPEN_ACCOUNT,
            challenge_id,
            user.id,
            user.email,
            user.first_name,
            user.last_name,
            user.password_hash,
            record,
        )
        return row is not None

    async def credentials(self, *, phone: str | None, email: str | None) -> Credentials | None:
        """Return what opens the account with a number or a proven address."""
        row = await self._database.row(_CREDENTIALS, phone, email)
        return Credentials(**row) if row is not None else None

    async def credentials_of(self, user_id: UUID) -> Credentials | None:
        """Return what opens the account of somebody who proved otherwise who they are."""
        row = await self._database.row(_CREDENTIALS_OF, user_id)
        return Credentials(**row) if row is not None else None

    async def open_session(
        self,
        credentials: Credentials,
        *,
        token: RefreshToken,
        policy: SessionPolicy,
        client: Client,
        renewed_hash: str | None,
        record: str,
        step: int | None = None,
        recovery_mac: bytes | None = None,
    ) -> UserView | None:
        """Open a session for credentials that were right, unless they changed since they were read.

        Whoever has an authenticator gets none without its code's ``step`` or a recovery code, which are used up.
        """
        row = await self._database.row(
            _OPEN_SESSION,
            credentials.id,
            credentials.password_hash,
            renewed_hash,
            token.session_id,
            token.digest,
            client.ip,
            client.user_agent,
            policy.first_life,
            record,
            client.country,
            step,
            recovery_mac,
        )
        return _view(row) if row is not None else None

    async def profile(self, actor: Actor) -> UserView:
        """Load an active user's own profile in one trip.

        :raises SessionEndedError: when the session is over or the account gone.
        :raises AccountNotActiveError: when the account is not active.
        """
        row = await self._database.row(_PROFILE, actor.id, actor.session_id)
        ensure_may_read(row or {"standing": None}, actor)
        return _view(row)

    async def change(self, user_id: UUID, changes: Mapping[str, str | None], *, record: str) -> UserView | None:
        """Change names or e-mail address and return the profile as it is now.

        ``None`` when a register has confirmed the names, or is being asked: they are what bank accounts and lists are
        compared with.
        """
        row = await self._database.row(_CHANGE, user_id, dict(changes), record)
        return _view(row) if row is not None else None

    async def view(self, user_id: UUID) -> UserView:
        """Load a user whose standing was just checked."""
        return _view(await self._database.row(_VIEW, user_id))

    async def find(self, phone: str, *, by: UUID) -> Match | None:
        """Return the active user with a number, unless they have blocked who asks."""
        row = await self._database.row(_FIND, phone, by)
        return Match(**row) if row is not None else None

    async def seed(self, user: NewUser, *, phone: str, kyc_tier: int) -> None:
        """Write a proven, active user unless the number has one."""
        await self._database.execute(
            _SEED_USER, user.id, phone, user.email, user.first_name, user.last_name, user.password_hash, kyc_tier
        )


def _view(row: Columns | None) -> UserView:
    if row is None:
        raise SessionEndedError
    return UserView(**{name: row[name] for name in UserView.__slots__})
