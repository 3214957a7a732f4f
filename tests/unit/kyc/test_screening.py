"""Who is likely on a list, who possibly, and who is not: false alarms and misses. Everybody is invented."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest

from kro.core.sanctions import Listed, Subject, name_keys, screen

BORN = date(1970, 5, 1)


def listed(name: str, *born: str) -> Listed:
    return Listed(UUID(int=1), "un", "Q1", name, born)


def outcome(subject: str, one: Listed, born: date | None = None) -> str:
    found = screen(Subject(subject, "profile", born), [one])
    if not found:
        return "none"
    return "likely" if found[0].likely else "possible"


@pytest.mark.parametrize(
    ("subject", "one", "born", "expected"),
    [
        # The same whole name, however it is written.
        ("Omaru Testo", listed("TESTO OMARU"), None, "likely"),
        ("Mohammed Bello Testo", listed("Muhammad BELLO Testo"), None, "likely"),
        ("Ọmárù Téstó", listed("Omaru Testo"), None, "likely"),
        # Two common names that are part of a longer one: for people, unless the birthday says so.
        ("Ibrahim Musa", listed("Ibrahim Musa Al-Testo"), None, "possible"),
        ("Ibrahim Musa", listed("Ibrahim Musa Al-Testo", "1970-05-01"), BORN, "likely"),
        ("Ibrahim Musa", listed("Ibrahim Musa Al-Testo", "1950"), BORN, "none"),
        # A birthday that differs takes the likelihood away, and the year alone can confirm.
        ("Omaru Testo", listed("Omaru Testo", "1950-01-01"), BORN, "possible"),
        ("Omaru Testo", listed("Omaru Testo", "1970"), BORN, "likely"),
        ("Omaru Testo", listed("Omaru Testo", "1950", "1970-05-01"), BORN, "likely"),
        # Close spelling is for people.
        ("Omaru Testo", listed("Omaru Testa"), None, "possible"),
        # One name in common is nothing.
        ("Omaru Okafor", listed("Omaru Testo"), None, "none"),
        ("Omaru", listed("Omaru"), None, "none"),
        ("Grace Okoro", listed("Omaru Testo"), None, "none"),
        ("Musa Ibrahim", listed("Musa Abubakar"), None, "none"),
    ],
)
def test_names_and_birthdays_decide_together(subject: str, one: Listed, born: date | None, expected: str) -> None:
    assert outcome(subject, one, born) == expected


@pytest.mark.parametrize(
    ("one", "other"),
    [("Mohammed Bello", "Muhammad Belo"), ("Ọmárù", "OMARU"), ("Chukwuemeka", "Chukwuemka"), ("Aliyu", "Aliyyu")],
)
def test_what_sounds_alike_shares_a_key(one: str, other: str) -> None:
    assert set(name_keys(one)) & set(name_keys(other))
