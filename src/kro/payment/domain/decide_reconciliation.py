"""Statements against the ledger: which line is which journal, and what agrees with nothing.

Pure: the same books give the same answer, so a run that died is simply run again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from kro.payment.database.reconciliation_records import (
    Booked,
    Books,
    BreakKind,
    Line,
    LineKind,
    Match,
    Side,
)
from kro.payment.domain.decide_reconciliation_bank import BankSide, match_bank
from kro.payment.domain.reconciliation_findings import (
    Reconciled,
    ReconciliationTerms,
    about_journal,
    is_covered,
    of_line,
    spans_of,
)

LINE_KIND_OF: Final = {
    "receipt": LineKind.CHARGE,
    "unmatched_receipt": LineKind.CHARGE,
    "payout_settled": LineKind.TRANSFER,
    "payout_returned": LineKind.TRANSFER_RETURN,
    "refund_confirmed": LineKind.REFUND,
    "suspense_returned": LineKind.REFUND,
    "chargeback_opened": LineKind.CHARGEBACK,
    "chargeback_won": LineKind.CHARGEBACK_RETURN,
    "chargeback_fee": LineKind.CHARGEBACK_FEE,
    "provider_settled": LineKind.SETTLEMENT,
}
"""What a provider's statement calls each journal that moves money there. A provider's fee is part of its charge."""


def decide_reconciliation(books: Books, *, terms: ReconciliationTerms, now: datetime) -> Reconciled:
    """Compare everything that has found no counterpart yet."""
    found = Reconciled()
    provider = _ProviderSide(books, terms=terms, now=now, found=found)
    provider.compare()
    match_bank(
        BankSide(
            lines=[line for line in books.lines if line.side is Side.BANK],
            booked=[booked for booked in books.booked if booked.at_bank and not booked.at_bank_known],
            settlements=provider.settlements,
            coverage=books.coverage,
            grace=terms.grace,
            window=terms.settlement_window,
            now=now,
        ),
        found,
    )
    return found


_Key = tuple[str, LineKind, str]


class _ProviderSide:
    """The lines of providers against the journals that moved money there."""

    def __init__(self, books: Books, *, terms: ReconciliationTerms, now: datetime, found: Reconciled) -> None:
        self._grace = terms.grace
        self._now = now
        self._found = found
        self._coverage = spans_of(books.coverage, Side.PROVIDER)
        self._open: dict[UUID, Booked] = {
            booked.journal_id: booked for booked in books.booked if booked.amount and not booked.at_provider_known
        }
        self._by_reference = _index(self._open.values())
        self._groups: dict[_Key, list[Line]] = defaultdict(list)
        for line in books.lines:
            if line.side is Side.PROVIDER:
                self._groups[line.account, line.kind, line.reference].append(line)
        self.settlements: list[Line] = []
        """Settlements the ledger does not know yet; the bank's lines decide about them."""

    def compare(self) -> None:
        for key, lines in self._groups.items():
            self._compare_group(key, lines)
        for booked in _still_moved(self._open.values()):
            if _is_repeated(booked):
                self._found.findings.append(about_journal(booked, BreakKind.DUPLICATE_IN_LEDGER))
            elif self._is_expected(booked):
                self._found.findings.append(about_journal(booked, BreakKind.MISSING_AT_PROVIDER))

    def _compare_group(self, key: _Key, lines: Sequence[Line]) -> None:
        """Give the best line of a reference its journal; the others are one too many."""
        candidates = [booked for booked in self._by_reference.get(key, ()) if booked.journal_id in self._open]
        line, booked = _best_pair(lines, candidates)
        if line.answered:
            self._too_many(lines)
            return
        self._too_many(other for other in lines if other is not line)
        if booked is None:
            self._without_journal(line)
            return
        for twin in candidates:
            del self._open[twin.journal_id]
            if twin is not booked:
                self._found.findings.append(about_journal(twin, BreakKind.DUPLICATE_IN_LEDGER))
        self._judge(line, booked)

    def _judge(self, line: Line, booked: Booked) -> None:
        if line.currency != booked.currency:
            self._differs(BreakKind.CURRENCY_DIFFERS, line, booked, booked.amount, line.amount)
        elif line.amount != booked.amount:
            self._differs(BreakKind.AMOUNT_DIFFERS, line, booked, booked.amount, line.amount)
        elif line.fee is not None and line.fee != booked.fee:
            self._differs(BreakKind.FEE_DIFFERS, line, booked, booked.fee, line.fee)
        else:
            self._found.matches.append(Match(line.id, booked.journal_id, Side.PROVIDER))

    def _differs(self, kind: BreakKind, line: Line, booked: Booked, in_ledger: int, outside: int) -> None:
        self._found.findings.append(
            of_line(line, kind, in_ledger=in_ledger, outside=outside, journal_id=booked.journal_id)
        )

    def _too_many(self, lines: Iterable[Line]) -> None:
        self._found.findings.extend(of_line(line, BreakKind.DUPLICATE, outside=line.amount) for line in lines)

    def _without_journal(self, line: Line) -> None:
        if line.kind is LineKind.SETTLEMENT:
            self.settlements.append(line)
        elif self._now - line.occurred_at >= self._grace:
            self._found.findings.append(of_line(line, BreakKind.MISSING_IN_LEDGER, outside=line.amount))

    def _is_expected(self, booked: Booked) -> bool:
        """Say whether statements that are complete for the time around a journal would have shown it."""
        kind, grace = LINE_KIND_OF.get(booked.kind), self._grace
        complete = self._coverage.get((booked.provider, kind), ()) if kind else ()
        return is_covered(complete, start=booked.occurred_at - grace, end=booked.occurred_at + grace)


def _index(booked: Iterable[Booked]) -> dict[_Key, list[Booked]]:
    """Find journals by the provider's reference, and by ours: statements show one or the other."""
    index: dict[_Key, list[Booked]] = defaultdict(list)
    for one in booked:
        kind = LINE_KIND_OF.get(one.kind)
        if kind is not None:
            for reference in {one.reference, *one.own_references}:
                index[one.provider, kind, reference].append(one)
    return index


def _best_pair(lines: Sequence[Line], candidates: Sequence[Booked]) -> tuple[Line, Booked | None]:
    """Choose the pair that agrees best; among equals the first by id, so that a rerun chooses the same."""
    if not candidates:
        return min(lines, key=lambda line: line.id), None
    pairs = [(line, booked) for line in lines for booked in candidates]
    return min(pairs, key=_disagreement)


def _disagreement(pair: tuple[Line, Booked]) -> tuple[bool, bool, UUID, UUID]:
    line, booked = pair
    other_sum = (line.currency, line.amount) != (booked.currency, booked.amount)
    other_fee = line.fee is not None and line.fee != booked.fee
    return other_sum, other_fee, booked.journal_id, line.id


def _is_repeated(booked: Booked) -> bool:
    kind = LINE_KIND_OF.get(booked.kind)
    return any(LINE_KIND_OF.get(twin) is kind for twin in booked.twins)


def _still_moved(booked: Iterable[Booked]) -> Iterator[Booked]:
    """Leave out transfers that came back: a provider that shows neither line agrees that nothing moved in the end."""
    pairs: dict[tuple[str, str, str], list[Booked]] = defaultdict(list)
    for one in booked:
        if LINE_KIND_OF.get(one.kind) in {LineKind.TRANSFER, LineKind.TRANSFER_RETURN}:
            pairs[one.provider, one.reference, one.currency].append(one)
        else:
            yield one
    for same in pairs.values():
        if sum(one.amount for one in same):
            yield from same
