"""Whom a notice is for, as the database knows them when it goes out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from kro.core.database.pool import Database
from kro.core.notices import Channel, Group, Language, Preferences, QuietHours, Reach

# An address is bad until mail to it arrives again.
PERSON: Final = """
u.phone, u.email, u.first_name, u.status AS standing, p.language, p.muted, p.quiet_from, p.quiet_until,
EXISTS (SELECT FROM bad_addresses AS b WHERE b.address = lower(u.email) AND (b.good_at IS NULL OR b.good_at < b.bad_at))
    AS mail_is_bad
"""
OF_USERS: Final = "users AS u LEFT JOIN notification_preferences AS p ON p.user_id = u.id"
_LANGUAGE_OF_USER: Final = """
SELECT coalesce((SELECT p.language FROM notification_preferences AS p WHERE p.user_id = $1), 'en')"""
_LANGUAGE: Final = """
SELECT coalesce((
    SELECT p.language FROM users AS u JOIN notification_preferences AS p ON p.user_id = u.id
    WHERE u.phone = $1 OR (u.email = $1 AND u.email_verified_at IS NOT NULL) LIMIT 1), 'en')"""


@dataclass(frozen=True, slots=True)
class Person:
    phone: str | None = field(repr=False)
    email: str | None = field(repr=False)
    first_name: str = field(repr=False)
    is_invited: bool
    preferences: Preferences
    reach: Reach

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Person:
        """Read what :data:`PERSON` selects."""
        return cls(
            phone=row["phone"],
            email=row["email"],
            first_name=row["first_name"],
            is_invited=row["standing"] == "invited",
            preferences=preferences_of(row),
            reach=Reach(phone=row["phone"] is not None, mail=row["email"] is not None, mail_is_bad=row["mail_is_bad"]),
        )


def preferences_of(row: Mapping[str, Any]) -> Preferences:
    """Read a row of preferences; without one everything is on."""
    if row["language"] is None:
        return Preferences()
    return Preferences(
        language=Language(row["language"]),
        muted=frozenset(_pair(pair) for pair in row["muted"]),
        quiet=QuietHours(row["quiet_from"], row["quiet_until"]) if row["quiet_from"] is not None else None,
    )


def _pair(text: str) -> tuple[Group, Channel]:
    group, _, channel = text.partition(".")
    return Group(group), Channel(channel)


async def language_of(database: Database, to: str, *, user_id: UUID | None = None) -> Language:
    """Return what a user reads, or without one the owner of a number or proven address; English where nobody is known.

    A number or address that is not proven yet, or is no more, is nobody's: who writes to it for a user says for whom.
    """
    known = (_LANGUAGE, to) if user_id is None else (_LANGUAGE_OF_USER, user_id)
    language: str = await database.value(*known)
    return Language(language)


def asker_of(payload: Mapping[str, Any]) -> UUID | None:
    """Return which user a message says it was asked for by, if any did."""
    return UUID(payload["user_id"]) if "user_id" in payload else None
