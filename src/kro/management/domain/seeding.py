"""The people a new installation starts with, for demonstrations and tests."""

from __future__ import annotations

from uuid import UUID

from kro.core.auth.passwords import PasswordHasher
from kro.core.auth.permissions import Role, seed_roles
from kro.core.database.pool import Database
from kro.core.ids import IdSource
from kro.core.phone import to_e164
from kro.core.two_factor import TwoFactor
from kro.management.database.accounts import UserAccounts
from kro.management.database.admins import AdminAccounts
from kro.management.database.records import NewUser


class Seeding:
    """Writes roles and people that are not there yet; whoever is there stays as they are."""

    def __init__(self, database: Database, *, hasher: PasswordHasher, two_factor: TwoFactor, ids: IdSource) -> None:
        self._database = database
        self._hasher = hasher
        self._two_factor = two_factor
        self._ids = ids

    async def roles(self) -> None:
        """Bring the roles to those of the code."""
        await seed_roles(self._database)

    async def user(
        self,
        *,
        phone: str,
        password: str,
        first_name: str,
        last_name: str,
        email: str | None = None,
        kyc_tier: int = 1,
    ) -> None:
        """Write an active user with a proven number unless the number has one; the roles come first."""
        accounts = UserAccounts(self._database)
        number = to_e164(phone)
        if await accounts.credentials(phone=number, email=None) is not None:
            return
        user = NewUser(
            id=self._ids.new(),
            email=email,
            first_name=first_name,
            last_name=last_name,
            password_hash=await self._hasher.hash(password),
        )
        await accounts.seed(user, phone=number, kyc_tier=kyc_tier)

    async def admin(self, *, email: str, name: str, password: str, role: Role, totp_secret: str) -> UUID:
        """Write an active admin with a confirmed second factor unless the address has one; return whose it is."""
        admins = AdminAccounts(self._database)
        address = email.casefold()
        found = await admins.credentials(address)
        if found is None:
            admin_id = await admins.seed(
                admin_id=self._ids.new(),
                email=address,
                name=name,
                password_hash=await self._hasher.hash(password),
                role=role,
            )
        else:
            admin_id = found.id
        await self._two_factor.enroll(owner_id=admin_id, secret=totp_secret)
        return admin_id
