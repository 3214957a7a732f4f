"""Invented people, by number, and numbers at which the service misbehaves. Nobody real is meant by any of them."""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Entry:
    first_name: str
    middle_name: str
    last_name: str
    date_of_birth: str


class Magic(StrEnum):
    """What happens instead of an answer."""

    SERVER_ERROR = "11111111111"
    TIMEOUT = "11111111112"
    NO_CREDIT = "11111111113"
    NO_BIRTHDAY = "11111111114"
    GARBAGE = "11111111115"


PEOPLE: dict[str, Entry] = {
    "22222222222": Entry("ADA", "CHIOMA", "OKAFOR", "1990-01-31"),
    "22222222223": Entry("TUNDE", "", "BAKARE", "1985-06-15"),
    "22222222224": Entry("MUHAMMAD", "SANI", "BELLO", "1979-12-01"),
    "22222222225": Entry("NGOZI", "", "EZE", "2001-02-28"),
    Magic.NO_BIRTHDAY: Entry("ADA", "", "OKAFOR", ""),
}
