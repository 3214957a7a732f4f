"""How a vendor takes the reply to a webhook."""

from collections.abc import Callable
from enum import StrEnum


class Verdict(StrEnum):
    RECEIVED = "received"
    REFUSED = "refused"
    """The receiver does not want it: the vendor notes that and says no more."""
    REPEAT = "repeat"


Judge = Callable[[int, bytes], Verdict]


def by_status(status: int, body: bytes) -> Verdict:  # noqa: ARG001  the signature of every judge
    """Take HTTP 200 for received and anything else for not, as Paystack documents and most vendors do."""
    return Verdict.RECEIVED if status == 200 else Verdict.REPEAT  # noqa: PLR2004  the status itself
