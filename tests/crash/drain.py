"""Letting everything that is under way come to its end before anybody judges."""

from __future__ import annotations

import asyncio
import time
from typing import Final

import asyncpg

SETTLING_SECONDS: Final = 2.0

# What a killed process had in hand waits for minutes, and a transfer its bank does not know for a day. Nobody works on
# it any more, so the owner of the tables lets that time pass.
_LET_TIME_PASS: Final = (
    "UPDATE outbox SET next_attempt_at = now() WHERE state = 'pending' AND next_attempt_at > now()",
    # What a vendor may still report on is waited for; here that time has passed.
    "UPDATE notice_receipts SET at = at - interval '10 minutes' WHERE status = 'sending'",
    "UPDATE payment_webhook_state SET next_attempt_at = now() WHERE state = 'received' AND next_attempt_at > now()",
    """UPDATE payout_attempts SET lease_until = now() - interval '1 second' WHERE lease_until > now()""",
    """UPDATE refund_attempts SET lease_until = now() - interval '1 second' WHERE lease_until > now()""",
    """UPDATE payout_attempts SET created_at = created_at - interval '2 days'
       WHERE status IN ('submitting', 'unknown') AND created_at > now() - interval '1 day'""",
    """UPDATE transactions SET next_poll_at = now() WHERE next_poll_at > now() AND status IN
       ('initiated', 'processing', 'unknown', 'approved', 'submitting', 'submitted')""",
    "UPDATE refunds SET next_poll_at = now() WHERE next_poll_at > now() AND status IN ('approved', 'sending')",
)

_OPEN: Final = """
SELECT (SELECT count(*) FROM outbox WHERE state = 'pending')
     + (SELECT count(*) FROM payment_webhook_state WHERE state = 'received')
     + (SELECT count(*) FROM transactions WHERE kind = 'payout' AND status IN
            ('approved', 'submitting', 'submitted', 'unknown'))
     + (SELECT count(*) FROM transactions WHERE kind = 'payment' AND reference = ANY($1::text[])
            AND status <> 'succeeded')
     + (SELECT count(*) FROM refunds AS r WHERE status IN ('requested', 'approved')
            OR (status = 'sending' AND NOT EXISTS (
                SELECT FROM refund_attempts AS a WHERE a.refund_id = r.id AND a.status = 'unknown')))"""


async def drain(owner: asyncpg.Connection[asyncpg.Record], *, paid: list[str], seconds: float) -> int:
    """Wait until the worker has nothing left to do, or nothing ended for some seconds; return how much is still open.

    How much there is depends on how much the clients got done, so no time is set for all of it. ``paid`` are the
    references of payments that were made. A refund whose provider does not know it is nobody's but two admins' to
    resolve, so it may stay.
    """
    left = fewest = before = int(await owner.fetchval(_OPEN, paid))
    progressed = time.monotonic()
    while left and time.monotonic() < progressed + seconds:
        await asyncio.sleep(SETTLING_SECONDS)
        left = int(await owner.fetchval(_OPEN, paid))
        if left < fewest:
            fewest, progressed = left, time.monotonic()
        # While things still end by themselves, nothing is hurried.
        if left == before:
            for statement in _LET_TIME_PASS:
                await owner.execute(statement)
        before = left
    return left
