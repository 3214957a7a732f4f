"""Mistakes are never edited: the wrong journal gets an exact mirror, and the right one is posted after it."""

from __future__ import annotations

from typing import Final

from kro.core.decisions import Journal
from kro.core.errors import ErrorKind, KroError
from kro.kro_balance.database.records import BookedJournal
from kro.kro_balance.domain.chart import AccountCode
from kro.kro_balance.domain.postings.journals import Posting, journal

_KEPT_BY_THEIR_OWN_RECORD: Final = frozenset(
    {AccountCode.ORDER_ESCROW, AccountCode.PAYOUT_IN_TRANSIT, AccountCode.REFUND_IN_TRANSIT}
)
# A chargeback books on balances too, where no account of its own would say so.
_CHARGEBACK: Final = "chargeback"


class NotReversibleError(KroError):
    """This journal cannot be reversed; correct what it belongs to instead: an order, payout, refund or chargeback."""

    kind = ErrorKind.CONFLICT
    code = "journal_not_reversible"


class AlreadyReversedError(KroError):
    """This journal has been reversed already."""

    kind = ErrorKind.CONFLICT
    code = "journal_already_reversed"


def reversal(posting: Posting, *, wrong: BookedJournal) -> Journal:
    """Return the exact mirror of a journal. The database takes one mirror of each journal only, and no other kind.

    :raises AlreadyReversedError: when it has its mirror.
    :raises NotReversibleError: for a mirror itself, and for money of an order, a payout, a refund or a chargeback:
        their own rows say what they hold or took, and a mirror would make the books disagree with them.
    """
    booked = wrong.journal
    if wrong.reversed_by is not None:
        raise AlreadyReversedError
    if booked.reverses_journal_id is not None:
        raise NotReversibleError("A correction cannot be reversed; post what is right instead.")
    own_record = any(entry.account.code in _KEPT_BY_THEIR_OWN_RECORD for entry in booked.entries)
    if own_record or booked.source_type == _CHARGEBACK:
        raise NotReversibleError
    return journal(
        posting,
        "reversal",
        ("journal", booked.id),
        debits=[(entry.account, -entry.amount) for entry in booked.entries if entry.amount < 0],
        credits=[(entry.account, entry.amount) for entry in booked.entries if entry.amount > 0],
        reverses=booked.id,
    )
