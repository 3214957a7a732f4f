"""What must have reached each party by SMS and mail: every notice once, and nothing else."""

from __future__ import annotations

from typing import Final

from kro.demo.client import eventually
from kro.demo.expectations import NOTICES, equal
from kro.demo.party import Party
from kro.demo.sandbox import Sandbox

# Everybody proved the phone number by a code, and the seller proved as well who added the bank account.
_CODES: Final = {"buyer": 1, "seller": 2}


async def judge_notices(party: Party, sandbox: Sandbox) -> int:
    """Insist on every notice of the journey, by SMS and by mail, and return how many there were.

    :raises WrongFigureError: when one is missing, doubled or was never expected.
    :raises TookTooLongError: when fewer arrive than were sent.
    """
    notices = NOTICES[party.role]
    count = sum(notice.times for notice in notices)
    codes = _CODES[party.role]
    texts = await _arrived(party, sandbox, "sms", party.contact.phone, count + codes)
    subjects = await _arrived(party, sandbox, "mail", party.contact.email, count)
    for notice in notices:
        for words, arrived in ((notice.sms, texts), (notice.subject, subjects)):
            found = sum(words in message for message in arrived)
            equal(f"how often the {party.role} was told {words!r}", notice.times, found)
    equal(f"the number of SMS to the {party.role}", count + codes, len(texts))
    equal(f"the number of mails to the {party.role}", count, len(subjects))
    return count


async def _arrived(party: Party, sandbox: Sandbox, channel: str, address: str, count: int) -> list[str]:
    async def ask() -> list[str]:
        return await sandbox.inbox(address, channel=channel)

    return await eventually(f"{count} {channel} to the {party.role}", ask, until=lambda found: len(found) >= count)
