"""After `kro reseal` the key of before can leave the configuration, and nothing is lost that it had sealed."""

from __future__ import annotations

import io
from dataclasses import dataclass
from uuid import UUID

import pytest
from rich.console import Console

from kro.core.database.pool import Database, PoolOptions
from kro.core.encryption import FieldCipher, SealedValueError
from kro.core.two_factor import USER_FACTORS
from kro.payment.domain import bank_account_context, payer_context
from kro.run.reseal import COLUMNS, reseal_columns
from kro.run.resealing import SealedColumn, reseal

OLD, NEW = b"o" * 32, b"n" * 32
BEFORE = FieldCipher(keys={"old": OLD}, active_key_id="old")
BETWEEN = FieldCipher(keys={"old": OLD, "new": NEW}, active_key_id="new")
AFTER = FieldCipher(keys={"new": NEW}, active_key_id="new")
FACTORS = next(column for column in COLUMNS if column.table == "two_factor_user")
PEOPLE = tuple(UUID(int=number) for number in range(1, 6))
_ROWS = """
WITH role AS (INSERT INTO user_roles (code, audience, title, permissions) VALUES ('member', 'user', 'Member', '{}')
              ON CONFLICT DO NOTHING)
INSERT INTO users (id, phone, first_name, last_name, password_hash, status, role_code, kyc_tier)
SELECT id, '+23480300000' || row_number() OVER (), 'Test', 'User', '-', 'active', 'member', 1
FROM unnest($1::uuid[]) AS n (id)"""
_ACCOUNT = """
INSERT INTO bank_accounts (id, user_id, bank_code, bank_name, account_number_sealed, account_number_index,
    account_number_last4, account_name, currency, usable_from)
VALUES ($1, $1, '058', '', $2, '-', '1234', '', 'NGN', now())"""


@dataclass
class Kept:
    database: Database

    async def factor(self, owner_id: UUID, cipher: FieldCipher, secret: str) -> None:
        sealed = cipher.seal(secret, context=USER_FACTORS.context(owner_id))
        await self.database.execute("INSERT INTO two_factor_user (id, secret_sealed) VALUES ($1, $2)", owner_id, sealed)

    async def secret(self, owner_id: UUID, cipher: FieldCipher) -> str:
        sealed = await self.database.value("SELECT secret_sealed FROM two_factor_user WHERE id = $1", owner_id)
        return cipher.open(sealed, context=USER_FACTORS.context(owner_id))


@pytest.fixture
async def kept(owner_database: Database) -> Kept:
    await owner_database.execute(_ROWS, list(PEOPLE))
    return Kept(owner_database)


async def test_everything_opens_without_the_key_of_before(kept: Kept, owner_dsn: str) -> None:
    await kept.factor(PEOPLE[0], BEFORE, "authenticator")
    number = BEFORE.seal("0123456789", context=bank_account_context(PEOPLE[0]))
    await kept.database.execute(_ACCOUNT, PEOPLE[0], number)
    with pytest.raises(SealedValueError):
        await kept.secret(PEOPLE[0], AFTER)

    told = io.StringIO()
    await reseal_columns(PoolOptions(dsn=owner_dsn, size=2), BETWEEN, Console(file=told, width=200))

    assert await kept.secret(PEOPLE[0], AFTER) == "authenticator"
    number = await kept.database.value("SELECT account_number_sealed FROM bank_accounts")
    assert AFTER.open(number, context=bank_account_context(PEOPLE[0])) == "0123456789"
    assert "two_factor_user.secret_sealed: 1 sealed anew, 0 unreadable" in told.getvalue()
    assert "0 payouts under way, 0 identity checks" in told.getvalue()


async def test_interrupted_it_is_started_again_and_what_nobody_can_open_stays(kept: Kept) -> None:
    lost = FieldCipher(keys={"lost": b"l" * 32}, active_key_id="lost")
    for owner_id, cipher in zip(PEOPLE, (BEFORE, BEFORE, lost, BEFORE, BETWEEN), strict=True):
        await kept.factor(owner_id, cipher, "authenticator")
    untouched = await kept.database.value("SELECT secret_sealed FROM two_factor_user WHERE id = $1", PEOPLE[4])
    seen: list[UUID] = []

    def dies_at_the_third(owner_id: UUID) -> str:
        seen.append(owner_id)
        if len(seen) == 3:
            raise KeyboardInterrupt
        return USER_FACTORS.context(owner_id)

    fragile = SealedColumn(FACTORS.table, FACTORS.key, FACTORS.column, dies_at_the_third)
    with pytest.raises(KeyboardInterrupt):
        await reseal(kept.database, BETWEEN, fragile, batch=1)
    again = await reseal(kept.database, BETWEEN, FACTORS, batch=2)

    assert [await kept.secret(owner_id, AFTER) for owner_id in (*PEOPLE[:2], *PEOPLE[3:])] == ["authenticator"] * 4
    assert await kept.secret(PEOPLE[2], lost) == "authenticator"
    assert (again.done, again.unreadable) == (1, 1)
    assert await kept.database.value("SELECT secret_sealed FROM two_factor_user WHERE id = $1", PEOPLE[4]) == untouched


async def test_no_column_of_sealed_values_is_forgotten(owner_database: Database) -> None:
    found = await owner_database.rows(
        "SELECT table_name || '.' || column_name AS name FROM information_schema.columns "
        "WHERE table_schema = 'public' AND column_name LIKE '%sealed' AND data_type = 'text'"
    )
    # Under a data key of its own, or gone with a link that is good for some hours.
    otherwise = {"identity_checks.number_sealed", "identity_checks.record_sealed", "admin_enrolments.secret_sealed"}

    assert {row["name"] for row in found} == {column.name for column in COLUMNS} | otherwise
    assert payer_context(UUID(int=1)).startswith("payers.sealed:")
