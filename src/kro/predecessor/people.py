"""Users, and the bank accounts they are paid out to."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid5

from kro.core.ids import IdSource
from kro.management.domain import NO_PASSWORD, ImportedUser, ImportingAccounts, import_bank_account, import_user
from kro.predecessor.errors import UnfitError
from kro.predecessor.report import Finding, Planned, Report
from kro.predecessor.rows import Row

_NAMESPACE: Final = UUID("3d0f8a52-0f6e-5b0e-9f2b-6b726f696d70")
_PAYABLE_TIER: Final = 1
_ACCOUNT_NUMBER: Final = re.compile(r"[0-9]{6,20}")


def id_of(table: str, key: str) -> UUID:
    """Return the id that a row of the predecessor has here: the same one in every run."""
    return uuid5(_NAMESPACE, f"{table}/{key}")


@dataclass(slots=True)
class Owners:
    """Who has come over, by the predecessor's key."""

    ids: dict[str, UUID] = field(default_factory=dict)
    closed: set[str] = field(default_factory=set)

    def need(self, row: Row, name: str) -> UUID:
        """Return the id of the person a row names.

        :raises UnfitError: when the row names nobody, or somebody who was not imported.
        """
        found = self.ids.get(str(row.need(name)))
        if found is None:
            raise UnfitError("owner_not_imported", name)
        return found


class People:
    def __init__(self, report: Report, owners: Owners, *, ids: IdSource, now: datetime) -> None:
        self._report, self._owners = report, owners
        self._ids, self._now = ids, now
        self.roles: dict[str, str] = {}
        self._phones: Counter[str] = Counter()
        self._emails: Counter[str] = Counter()
        self.taken: frozenset[str] = frozenset()

    def look_at(self, row: Row) -> None:
        """Count what has to be one person's alone, before anybody is taken over."""
        for name, seen in (("phone", self._phones), ("email", self._emails)):
            value = _tried(row, name)
            if value is not None:
                seen[value] += 1

    def phones(self, rows: Iterable[Row]) -> list[str]:
        return [phone for row in rows if (phone := _tried(row, "phone")) is not None]

    def plan(self, row: Row) -> Planned | Finding:
        try:
            user = self._user(row)
        except UnfitError as unfit:
            return Finding("users", row.key, unfit.code, unfit.field, is_money=False)
        return Planned("users", row.key, import_user(user, ids=self._ids, at=self._now))

    def came(self, row: Row) -> None:
        """Remember that a person is here, from now on or since an earlier run."""
        self._owners.ids[row.key] = id_of("users", row.key)
        if _status(row) == "closed":
            self._owners.closed.add(row.key)

    def _user(self, row: Row) -> ImportedUser:
        phone = str(row.need("phone"))
        if self._phones[phone] > 1:
            # Whose it is cannot be told, and who has it can log in.
            raise UnfitError("phone_not_unique", "phone")
        if phone in self.taken:
            raise UnfitError("phone_taken", "phone")
        if self._role(row) != "member":
            raise UnfitError("admin_enrols_anew", "role")
        first, last = row.get("first_name") or "", row.get("last_name") or ""
        if not first and not last:
            raise UnfitError("missing", "first_name")
        created = row.need("created_at")
        phone_proven = bool(row.get("phone_verified"))
        email, email_proven = self._email(row)
        return ImportedUser(
            id=id_of("users", row.key),
            phone=phone,
            email=email,
            first_name=first,
            last_name=last,
            password_hash=self._password(row),
            status=_status(row, strict=True),
            role_code="member",
            kyc_tier=_PAYABLE_TIER if phone_proven else 0,
            phone_verified_at=created if phone_proven else None,
            email_verified_at=created if email_proven else None,
            created_at=created,
        )

    def _role(self, row: Row) -> str:
        text = row.text("role")
        named = self.roles.get(text) if text is not None else None
        words = row.reader.table.fields["role"].words if "role" in row.reader.table.fields else {}
        role: str | None = words.get((named or text or "user").strip().casefold())
        if role is None:
            raise UnfitError("unknown_word", "role")
        return role

    def _email(self, row: Row) -> tuple[str | None, bool]:
        try:
            email = row.get("email")
        except UnfitError as unfit:
            self._note(row, unfit.code, "email")
            return None, False
        proven = bool(email and row.get("email_verified"))
        if proven and self._emails[email] > 1:
            self._note(row, "email_not_unique", "email")
            proven = False
        return email, proven

    def _password(self, row: Row) -> str:
        try:
            return str(row.need("password_hash"))
        except UnfitError as unfit:
            self._note(row, unfit.code, "password_hash")
            return NO_PASSWORD

    def _note(self, row: Row, code: str, name: str) -> None:
        self._report.add(Finding("users", row.key, code, name, is_money=False), stays_behind=False)


class Accounts:
    """Bank accounts; their numbers are sealed before anything else is done with them."""

    def __init__(self, owners: Owners, importing: ImportingAccounts, *, now: datetime) -> None:
        self._owners, self._importing, self._now = owners, importing, now

    def plan(self, row: Row) -> Planned | Finding:
        try:
            number = _account_number(row)
            account = self._importing.account(
                id=id_of("bank_accounts", row.key),
                user_id=self._owners.need(row, "user"),
                bank=(str(row.need("bank_code")), str(row.need("bank_name"))),
                number=number,
                account_name=str(row.need("account_name")),
                currency=row.currency(),
                at=self._now,
            )
        except UnfitError as unfit:
            return Finding("bank_accounts", row.key, unfit.code, unfit.field, is_money=False)
        return Planned("bank_accounts", row.key, import_bank_account(account))


def _account_number(row: Row) -> str:
    number = str(row.need("account_number"))
    if not _ACCOUNT_NUMBER.fullmatch(number):
        raise UnfitError("not_an_account_number", "account_number")
    return number


def _tried(row: Row, name: str) -> Any:  # noqa: ANN401 - the mapping decides the type
    try:
        return row.get(name)
    except UnfitError:
        return None


def _status(row: Row, *, strict: bool = False) -> str:
    if _tried(row, "deleted_at") is not None:
        return "closed"
    return str(row.need("status") if strict else _tried(row, "status"))
