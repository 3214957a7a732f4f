"""People and bank accounts that come from the predecessor, and the row that says they came. Pure."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from kro.core.decisions import Decision, Insert
from kro.core.ids import IdSource
from kro.management.database.records import BankAccount
from kro.management.domain.screening_message import screening

NO_PASSWORD: Final = f"$argon2id$v=19$m=65536,t=3,p=4${'A' * 22}${'A' * 43}"
"""Well-formed and matching nothing: whoever has it chooses a new password by a code."""


@dataclass(frozen=True, slots=True)
class ImportedUser:
    """A person as the predecessor knew them, in our words; ``password_hash`` is bcrypt or argon2."""

    id: UUID
    phone: str = field(repr=False)
    email: str | None = field(repr=False)
    first_name: str = field(repr=False)
    last_name: str = field(repr=False)
    password_hash: str = field(repr=False)
    status: str
    role_code: str
    kyc_tier: int
    phone_verified_at: datetime | None
    email_verified_at: datetime | None
    created_at: datetime


def import_record(*, table: str, key: str, id: UUID, fingerprint: str, at: datetime) -> Decision:  # noqa: A002 - the row's own field
    """Return the row that keeps something from being imported twice; it belongs into the write of the thing itself."""
    row = {
        "source_table": table,
        "source_key": key,
        "imported_id": id,
        "fingerprint": fingerprint,
        "imported_at": at,
    }
    return Decision(writes=(Insert("import_records", (row,)),))


def import_user(user: ImportedUser, *, ids: IdSource, at: datetime) -> Decision:
    """Open the account, and have the person compared with the sanctions lists like everybody who comes."""
    row = asdict(user) | {
        "version": 1,
        "updated_at": at,
        "closed_at": at if user.status == "closed" else None,
    }
    return Decision(writes=(Insert("users", (row,)),), messages=(screening(user.id, ids),))


def import_bank_account(account: BankAccount) -> Decision:
    """Add a bank account of an imported person; it cools like a new one, for its name was confirmed elsewhere."""
    return Decision(writes=(Insert("bank_accounts", (asdict(account),)),))
