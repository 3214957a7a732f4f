"""The numbers that misbehave on purpose, the same at every vendor of texts."""

from enum import StrEnum

REPORT_DELAY = 0.3
LATE_REPORT_DELAY = 60.0
TIMEOUT_SECONDS = 60.0


class Magic(StrEnum):
    """The last four digits of a number that make one thing happen every time."""

    INVALID = "0001"
    DND = "0002"
    TIMEOUT = "0003"
    SERVER_ERROR = "0004"
    NEVER_REPORTED = "0005"
    REPORTED_LATE = "0006"
    FAILED = "0007"
    REPORTED_TWICE = "0008"


def magic(number: str) -> Magic | None:
    return Magic(number[-4:]) if number[-4:] in list(Magic) else None
