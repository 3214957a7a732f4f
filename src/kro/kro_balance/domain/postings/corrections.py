"""Mistakes are never edited: the wrong journal gets an exact mirror, and the right one is posted after it."""

from __future__ import annotations

from typing import Final

from kro.core.decisions import Journal
from kro.core.errors import ErrorKind, KroError
from kro.kro_balance.domain.chart import AccountCode
from kro.kro_balance.domain.postings.journals import Posting, journal

_KEPT_BY_THEIR_OWN_RECORD: Final = frozenset(
    {AccountCode.ORDER_ESCROW, AccountCode.PAYOUT_IN_TRANSIT, AccountCode.REFUND_IN_TRANSIT}
)


class NotReversibleError(KroError):
    """This journal cannot be reversed; correct the order, payout or refund it belongs to instead."""

    kind = ErrorKind.CONFLICT
    code = "journal_not_reversible"


def reversal(posting: Posting, *, wrong: Journal) -> Journal:
    """Return the exact mirror of a journal. The database takes one mirror of each journal only.

    :raises NotReversibleError: for a mirror itself, and for money of an order, a payout or a refund: their own rows
        say what they hold, and a mirror would make the books disagree with them.
    """
    if wrong.reverses_journal_id is not None:
        raise NotReversibleError("A correction cannot be reversed; post what is right instead.")
    if any(entry.account.code in _KEPT_BY_THEIR_OWN_RECORD for entry in wrong.entries):
        raise NotReversibleError
    return journal(
        posting,
        "reversal",
        ("journal", wrong.id),
        debits=[(entry.account, -entry.amount) for entry in wrong.entries if entry.amount < 0],
        credits=[(entry.account, entry.amount) for entry in wrong.entries if entry.amount > 0],
        reverses=wrong.id,
    )
