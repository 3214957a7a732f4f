"""The books of statements: lines come in, a run reads what is open, pairs and breaks are kept."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from kro.core.database.pool import Database
from kro.payment.database.reconciliation_records import (
    Booked,
    Books,
    Coverage,
    Line,
    LineKind,
    Match,
    Side,
    StatementLine,
)

if TYPE_CHECKING:
    from kro.core.database.pool import Connection

LONG_SECONDS: Final = 900
"""A run reads whole months; its statements may take longer than a request's."""

# A statement may show our reference where the provider has one of its own: one name for one thing.
_ADD_LINES: Final = """
INSERT INTO reconciliation_lines (id, import_id, source, account, kind, reference, currency, amount, fee, occurred_at,
                                  occurrence, narration)
SELECT l.id, $2, $3, $4, l.kind,
       coalesce((SELECT t.provider_reference FROM transactions AS t WHERE t.reference = l.reference),
                (SELECT a.provider_reference FROM payout_attempts AS a WHERE a.reference = l.reference), l.reference),
       l.currency, l.amount, l.fee, l.occurred_at, l.occurrence, l.narration
FROM jsonb_to_recordset($1::jsonb) AS l (id uuid, kind text, reference text, currency text, amount bigint, fee bigint,
                                         occurred_at timestamptz, occurrence integer, narration text)
ON CONFLICT DO NOTHING"""

_OPEN_LINES: Final = """
SELECT l.id, l.source, l.account, l.kind, l.reference, l.currency, l.amount, l.fee, l.occurred_at, l.narration,
       EXISTS (SELECT FROM reconciliation_lines AS other JOIN reconciliation_matches AS m ON m.line_id = other.id
               WHERE l.reference <> '' AND (other.source, other.account, other.kind, other.reference)
                     = (l.source, l.account, l.kind, l.reference)
                 -- A bank repeats its references; only the same sum again is the same line again.
                 AND (l.source = 'provider' OR (other.currency, other.amount) = (l.currency, l.amount))) AS answered
FROM reconciliation_lines AS l
WHERE NOT EXISTS (SELECT FROM reconciliation_matches AS m WHERE m.line_id = l.id)
  AND (l.occurred_at >= $1 OR EXISTS (SELECT FROM reconciliation_breaks AS b WHERE b.line_id = l.id
                                      AND b.status = 'open'))"""

# Journal ids begin with their time (UUIDv7), so a window of time is a range of the primary key. Older journals are
# read when something still asks for them: an open break, or an open line with their reference.
_OPEN_JOURNALS: Final = """
WITH asked AS (
    SELECT id FROM ledger_journals WHERE id >= $1
    UNION SELECT journal_id FROM reconciliation_breaks WHERE status = 'open' AND journal_id IS NOT NULL
    UNION SELECT j.id FROM reconciliation_lines AS l JOIN ledger_journals AS j
        ON j.provider = l.account AND j.external_ref = l.reference
    WHERE l.source = 'provider' AND l.occurred_at >= $2
      AND NOT EXISTS (SELECT FROM reconciliation_matches AS m WHERE m.line_id = l.id))
SELECT j.id, j.kind, j.provider, j.external_ref, j.occurred_at, moved.currency, moved.amount, moved.at_bank,
       moved.bank_account, moved.fee + coalesce(fee.amount, 0) AS fee, known.at_provider,
       known.at_bank AS at_bank_known,
       array_remove(ARRAY[payment.reference] || attempts.own, NULL) AS own_references,
       ARRAY(SELECT twin.kind FROM ledger_journals AS twin JOIN reconciliation_matches AS m
                 ON m.journal_id = twin.id AND m.source = 'provider'
             WHERE twin.provider = j.provider AND twin.external_ref = j.external_ref AND twin.id <> j.id) AS twins
FROM asked JOIN ledger_journals AS j ON j.id = asked.id
CROSS JOIN LATERAL (
    SELECT e.currency,
           coalesce(sum(e.amount) FILTER (WHERE b.code IN ('provider_clearing', 'provider_fees')), 0)::bigint AS amount,
           coalesce(sum(e.amount) FILTER (WHERE b.code = 'bank'), 0)::bigint AS at_bank,
           max(b.qualifier) FILTER (WHERE b.code = 'bank') AS bank_account,
           coalesce(sum(e.amount) FILTER (WHERE b.code = 'provider_fees'), 0)::bigint AS fee
    FROM ledger_entries AS e JOIN kro_balance AS b ON b.id = e.account_id
    WHERE e.journal_id = j.id GROUP BY e.currency) AS moved
LEFT JOIN LATERAL (
    SELECT sum(e.amount)::bigint AS amount
    FROM ledger_journals AS f JOIN ledger_entries AS e ON e.journal_id = f.id
    JOIN kro_balance AS b ON b.id = e.account_id
    WHERE f.kind = 'provider_fee' AND f.source_type = j.source_type AND f.source_id = j.source_id
      -- A payout that came back has the same source, and its fee was charged for the way out.
      AND j.kind IN ('receipt', 'unmatched_receipt', 'payout_settled')
      AND e.currency = moved.currency AND b.code = 'provider_fees') AS fee ON true
CROSS JOIN LATERAL (
    SELECT coalesce(bool_or(m.source = 'provider'), false) AS at_provider,
           coalesce(bool_or(m.source = 'bank'), false) AS at_bank
    FROM reconciliation_matches AS m WHERE m.journal_id = j.id) AS known
LEFT JOIN transactions AS payment ON payment.id = j.source_id AND j.source_type = 'payment'
LEFT JOIN LATERAL (
    SELECT array_agg(a.reference) AS own FROM payout_attempts AS a
    WHERE a.payout_id = j.source_id AND j.source_type = 'payout') AS attempts ON true
WHERE j.provider IS NOT NULL AND j.external_ref IS NOT NULL AND j.kind <> 'provider_fee'
  AND NOT EXISTS (SELECT FROM ledger_journals AS r WHERE r.reverses_journal_id = j.id)
  AND ((moved.amount <> 0 AND NOT known.at_provider) OR (moved.at_bank <> 0 AND NOT known.at_bank))"""

# Of whatever age: an open break about an old journal is found again only with the statement that is silent about it.
_COVERAGE: Final = """
SELECT source, account, kinds, period_from, period_to FROM reconciliation_imports WHERE state = 'loaded'"""

# The clocks of two hosts differ by less than a day, and comparing a statement twice changes nothing.
_NOT_COMPARED: Final = """
SELECT min(period_from) FROM reconciliation_imports
WHERE state = 'loaded' AND loaded_at >= coalesce(
    (SELECT max(created_at) FROM reconciliation_runs WHERE status = 'done'), '-infinity') - interval '1 day'"""

_ADD_MATCHES: Final = """
INSERT INTO reconciliation_matches (line_id, journal_id, source, run_id)
SELECT n.line_id, n.journal_id, n.source, $4
FROM unnest($1::uuid[], $2::uuid[], $3::text[]) AS n (line_id, journal_id, source)
ON CONFLICT DO NOTHING"""

_ARE_FREE: Final = """
SELECT NOT EXISTS (SELECT FROM reconciliation_matches WHERE line_id = ANY ($1::uuid[]))
   AND NOT EXISTS (SELECT FROM ledger_journals WHERE kind = 'provider_settled' AND source_type = 'settlement'
                   AND source_id = $2)"""


class StatementStore:
    """Lines of statements, each kept once."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(
        self,
        lines: Sequence[tuple[UUID, StatementLine, int]],
        *,
        import_id: UUID,
        side: Side,
        account: str,
    ) -> int:
        """Store lines with their id and occurrence, and return how many were new."""
        rows = [
            {
                "id": line_id,
                "kind": line.kind,
                "reference": line.reference,
                "currency": line.currency,
                "amount": line.amount,
                "fee": line.fee,
                "occurred_at": line.occurred_at,
                "occurrence": occurrence,
                "narration": line.narration,
            }
            for line_id, line, occurrence in lines
        ]
        return await self._database.execute(_ADD_LINES, rows, import_id, side, account)


class ComparisonStore:
    """What a run reads and what it finds."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def not_compared_from(self) -> datetime | None:
        """Return where the oldest statement begins that no run has compared, ``None`` when all were."""
        found: datetime | None = await self._database.value(_NOT_COMPARED)
        return found

    async def open_books(self, *, since: datetime, first_id: UUID) -> Books:
        """Read, as of one moment, everything that has no counterpart yet.

        ``since`` and ``first_id`` are the beginning of the window, for lines and for journals; what an open break is
        about is read whatever its age.
        """
        async with self._long_snapshot() as connection:
            lines = await connection.fetch(_OPEN_LINES, since)
            journals = await connection.fetch(_OPEN_JOURNALS, first_id, since)
            periods = await connection.fetch(_COVERAGE)
        return Books(
            lines=[_line_from(row) for row in lines],
            booked=[_booked_from(row) for row in journals],
            coverage=[_coverage_from(row) for row in periods],
        )

    async def add_matches(self, matches: Sequence[Match], *, run_id: UUID) -> int:
        """Keep pairs; those already kept stay as they are."""
        return await self._database.execute(
            _ADD_MATCHES,
            [match.line_id for match in matches],
            [match.journal_id for match in matches],
            [match.side for match in matches],
            run_id,
        )

    async def are_free(self, lines: Sequence[UUID], *, settlement_id: UUID) -> bool:
        """Say whether a settlement and its bank line wait to be booked."""
        return bool(await self._database.value(_ARE_FREE, list(lines), settlement_id))

    @asynccontextmanager
    async def _long_snapshot(self) -> AsyncIterator[Connection]:
        async with (
            self._database.connection() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            # Local to the transaction: the pool resets no settings between its users.
            await connection.execute(f"SET LOCAL statement_timeout = '{LONG_SECONDS}s'")
            yield connection


def _line_from(row: Any) -> Line:  # noqa: ANN401 - the driver's row
    return Line(
        id=row["id"],
        side=Side(row["source"]),
        account=row["account"],
        kind=LineKind(row["kind"]),
        reference=row["reference"],
        currency=row["currency"],
        amount=row["amount"],
        fee=row["fee"],
        occurred_at=row["occurred_at"],
        narration=row["narration"],
        answered=row["answered"],
    )


def _booked_from(row: Any) -> Booked:  # noqa: ANN401 - the driver's row
    return Booked(
        journal_id=row["id"],
        kind=row["kind"],
        provider=row["provider"],
        reference=row["external_ref"],
        own_references=tuple(row["own_references"]),
        currency=row["currency"],
        amount=row["amount"],
        fee=row["fee"],
        occurred_at=row["occurred_at"],
        at_bank=row["at_bank"],
        bank_account=row["bank_account"],
        at_provider_known=row["at_provider"],
        at_bank_known=row["at_bank_known"],
        twins=tuple(row["twins"]),
    )


def _coverage_from(row: Any) -> Coverage:  # noqa: ANN401 - the driver's row
    return Coverage(
        side=Side(row["source"]),
        account=row["account"],
        kinds=frozenset(LineKind(kind) for kind in row["kinds"]),
        start=row["period_from"],
        end=row["period_to"],
    )
