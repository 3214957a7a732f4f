"""Bank statements against the ledger, and against the settlements that providers announced."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from kro.payment.database.reconciliation_records import (
    Booked,
    BreakKind,
    Coverage,
    Finding,
    Line,
    LineKind,
    Match,
    Settled,
    Side,
)
from kro.payment.domain.reconciliation_findings import Reconciled, is_covered, of_line, spans_of

# Shorter words of a narration ("TRF", "2026") would pair strangers.
_WORD: Final = re.compile(r"[a-z0-9][a-z0-9_.=-]{3,}")

_Sum = tuple[str, int]
"""A currency and an amount in minor units, as the bank would show it."""


@dataclass(frozen=True, slots=True)
class BankSide:
    """What is still open at the banks: their lines, journals on our accounts there, announced settlements."""

    lines: Sequence[Line]
    booked: Sequence[Booked]
    settlements: Sequence[Line]
    coverage: Sequence[Coverage]
    grace: timedelta
    window: timedelta
    now: datetime


@dataclass(frozen=True, slots=True)
class _Awaited:
    """A movement that a bank line should show: a journal of ours, or a settlement not booked yet."""

    reference: str
    currency: str
    amount: int
    occurred_at: datetime
    account: str | None
    """``None``: whichever of our accounts it arrives on."""
    booked: Booked | None = None
    settlement: Line | None = None

    @property
    def id(self) -> UUID:
        if self.booked is not None:
            return self.booked.journal_id
        if self.settlement is None:
            raise AssertionError("a bank is awaited for a journal or a settlement")
        return self.settlement.id


def match_bank(side: BankSide, found: Reconciled) -> None:
    """Pair bank lines by the reference they name, else by an amount that leaves no choice."""
    matching = _Matching(side, found)
    matching.by_reference()
    matching.by_amount()
    matching.leave_the_rest()


class _Matching:
    def __init__(self, side: BankSide, found: Reconciled) -> None:
        self._side = side
        self._found = found
        awaited = [*map(_of_journal, side.booked), *map(_of_settlement, side.settlements)]
        self._awaited = {one.id: one for one in awaited}
        self._lines = sorted(side.lines, key=lambda line: line.id)
        self._paired: set[tuple[str, str, _Sum]] = set()

    def by_reference(self) -> None:
        named: dict[str, list[_Awaited]] = defaultdict(list)
        for awaited in self._awaited.values():
            named[awaited.reference.lower()].append(awaited)
        left = []
        for line in self._lines:
            candidates = [
                one
                for word in _words(line)
                for one in named.get(word, ())
                if one.id in self._awaited and one.account in {None, line.account}
            ]
            if candidates:
                self._pair(line, candidates[0])
            else:
                left.append(line)
        self._lines = left

    def by_amount(self) -> None:
        """Pair what is alone with its amount in the time a bank transfer takes; two candidates are none."""
        left = []
        rivals: dict[_Sum, list[Line]] = defaultdict(list)
        for line in self._lines:
            rivals[line.currency, line.amount].append(line)
        awaited: dict[_Sum, list[_Awaited]] = defaultdict(list)
        for one in self._awaited.values():
            awaited[one.currency, one.amount].append(one)
        for line in self._lines:
            total = (line.currency, line.amount)
            candidates = [one for one in awaited[total] if self._may_be(one, line)]
            alone = len(candidates) == 1 and not any(
                other is not line and self._may_be(candidates[0], other) for other in rivals[total]
            )
            if alone and candidates[0].id in self._awaited:
                self._pair(line, candidates[0])
            else:
                left.append(line)
        self._lines = left

    def leave_the_rest(self) -> None:
        side = self._side
        for line in self._lines:
            if self._is_repeated(line):
                self._found.findings.append(of_line(line, BreakKind.DUPLICATE, outside=line.amount))
            elif side.now - line.occurred_at >= side.grace:
                self._found.findings.append(of_line(line, BreakKind.UNMATCHED_BANK_LINE, outside=line.amount))
        complete = spans_of(side.coverage, Side.BANK)
        for awaited in self._awaited.values():
            spans = [
                span
                for (account, kind), found in complete.items()
                if kind is LineKind.BANK and awaited.account in {None, account}
                for span in found
            ]
            if is_covered(spans, start=awaited.occurred_at, end=awaited.occurred_at + side.window):
                self._found.findings.append(_missing_at_bank(awaited))

    def _may_be(self, awaited: _Awaited, line: Line) -> bool:
        behind = line.occurred_at - awaited.occurred_at
        # A bank books by day, so its line may seem to be earlier than the provider's moment of that day.
        in_time = -timedelta(days=1) <= behind <= self._side.window
        return in_time and awaited.account in {None, line.account} and not line.answered

    def _pair(self, line: Line, awaited: _Awaited) -> None:
        del self._awaited[awaited.id]
        self._paired.add((line.account, line.reference, (line.currency, line.amount)))
        if line.currency != awaited.currency:
            self._differs(BreakKind.CURRENCY_DIFFERS, line, awaited)
        elif line.amount != awaited.amount:
            self._differs(BreakKind.AMOUNT_DIFFERS, line, awaited)
        elif awaited.booked is not None:
            self._found.matches.append(Match(line.id, awaited.booked.journal_id, Side.BANK))
        elif awaited.settlement is not None:
            self._found.settled.append(Settled(awaited.settlement, line))

    def _differs(self, kind: BreakKind, line: Line, awaited: _Awaited) -> None:
        journal_id = awaited.booked.journal_id if awaited.booked else None
        self._found.findings.append(
            of_line(line, kind, in_ledger=awaited.amount, outside=line.amount, journal_id=journal_id)
        )

    def _is_repeated(self, line: Line) -> bool:
        same = (line.account, line.reference, (line.currency, line.amount))
        return bool(line.reference) and (line.answered or same in self._paired)


def _words(line: Line) -> Iterable[str]:
    return dict.fromkeys((line.reference.lower(), *_WORD.findall(f"{line.reference} {line.narration}".lower())))


def _of_journal(booked: Booked) -> _Awaited:
    return _Awaited(
        reference=booked.reference,
        currency=booked.currency,
        amount=booked.at_bank,
        occurred_at=booked.occurred_at,
        account=booked.bank_account,
        booked=booked,
    )


def _of_settlement(line: Line) -> _Awaited:
    return _Awaited(
        reference=line.reference,
        currency=line.currency,
        amount=-line.amount,
        occurred_at=line.occurred_at,
        account=None,
        settlement=line,
    )


def _missing_at_bank(awaited: _Awaited) -> Finding:
    if awaited.settlement is not None:
        return of_line(awaited.settlement, BreakKind.MISSING_AT_BANK, in_ledger=None, outside=awaited.amount)
    return Finding(
        kind=BreakKind.MISSING_AT_BANK,
        side=Side.BANK,
        account=awaited.account or "",
        reference=awaited.reference,
        currency=awaited.currency,
        occurred_at=awaited.occurred_at,
        in_ledger=awaited.amount,
        journal_id=awaited.id,
    )
