"""A long book written straight into the tables, and the statements an honest provider and bank would give for it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from kro.core.actor import SYSTEM
from kro.core.clock import FrozenClock
from kro.core.database.decisions import DecisionWriter
from kro.core.database.invariants import Invariants
from kro.core.database.pool import Database
from kro.core.decisions import DecisionRunner
from kro.core.http import render_problem
from kro.core.ids import SystemIdSource
from kro.kro_balance.database.invariants import LEDGER_INVARIANTS
from kro.kro_balance.domain import chart
from kro.payment.database.invariants import PAYMENT_INVARIANTS
from kro.payment.database.reconciliation import ComparisonStore, StatementStore
from kro.payment.database.reconciliation_queue import BreakRepository, ImportRepository, RunRepository
from kro.payment.database.safeguarding import SafeguardingReads
from kro.payment.domain import Described, LineKind, ReconciliationRuns, Side, StatementImports, read_statement
from kro.payment.domain.reconciliation_findings import ReconciliationTerms
from kro.payment.domain.reconciliation_history import ProviderHistory
from kro.payment.domain.reconciliation_imports import StatementAccounts
from kro.payment.domain.reconciliation_runs import Comparison, RunRules
from kro.payment.providers.fake import FakePaystack

START = datetime(2026, 1, 1, tzinfo=UTC)
END = START + timedelta(days=30)
NOW = END + timedelta(hours=30)
BANK = "collections-ngn"
USERS = 50

RULES = RunRules(
    terms=ReconciliationTerms(grace=timedelta(hours=24), settlement_window=timedelta(days=5)),
    window=timedelta(days=45),
    overdue_after=timedelta(days=3),
    nightly_hour=2,
    safeguarding_min_bps=0,
)


@dataclass(frozen=True)
class Told:
    """One line as it will be told; changed before it is, where a test wants it wrong."""

    kind: str
    reference: str
    amount: int
    at: datetime
    fee: int | None = None
    currency: str = "NGN"
    narration: str = ""

    def csv(self) -> str:
        fee = "" if self.fee is None else major(self.fee)
        return ",".join((self.kind, self.reference, major(self.amount), self.currency, self.at.isoformat(), fee, ""))

    def bank_csv(self) -> str:
        return ",".join((self.at.isoformat(), self.reference, self.narration, major(self.amount), self.currency))


@dataclass
class Book:
    """What was booked, and the two statements of it."""

    entries: int
    provider: list[Told]
    bank: list[Told] = field(default_factory=list)


def major(minor: int) -> str:
    sign = "-" if minor < 0 else ""
    return f"{sign}{abs(minor) // 100}.{abs(minor) % 100:02d}"


class ReconciliationWorld:
    """Everything a run needs, on a real database."""

    def __init__(self, database: Database, owner: Database) -> None:
        self.database, self.owner = database, owner
        self.clock = FrozenClock(NOW)
        self.paystack = FakePaystack()
        self.rules = RULES
        self.breaks = BreakRepository(database)
        self.shared: dict[str, Any] = {
            "runner": DecisionRunner(DecisionWriter(database), render_problem=render_problem),
            "clock": self.clock,
            "ids": SystemIdSource(),
        }
        self.run_rows, known = RunRepository(database), ImportRepository(database)
        self.imports = StatementImports(
            lines=StatementStore(database),
            imports=known,
            requests=self.run_rows,
            accounts=StatementAccounts(providers=frozenset({"paystack"}), banks={BANK: "NGN"}),
            **self.shared,
        )
        self.history = ProviderHistory(
            provider="paystack",
            reader=self.paystack.provider.history,
            statements=self.imports,
            imports=known,
            reread=timedelta(days=3),
        )

    @property
    def runs(self) -> ReconciliationRuns:
        return ReconciliationRuns(
            comparison=Comparison(
                store=ComparisonStore(self.database),
                breaks=self.breaks,
                runs=self.run_rows,
                safeguarding=SafeguardingReads(self.database).totals,
            ),
            invariants=Invariants(self.database, {**LEDGER_INVARIANTS, **PAYMENT_INVARIANTS}, statement_seconds=60),
            histories=(self.history,),
            rules=self.rules,
            **self.shared,
        )

    async def tell(
        self, lines: list[Told], *, side: Side = Side.PROVIDER, start: datetime = START, end: datetime = END
    ) -> Any:
        """Hand lines in as the file an operator would upload."""
        if side is Side.PROVIDER:
            head, rows = "kind,reference,amount,currency,occurred_at,fee,narration", [line.csv() for line in lines]
            kinds = frozenset(LineKind) - {LineKind.BANK}
        else:
            head, rows = "occurred_at,reference,narration,amount,currency", [line.bank_csv() for line in lines]
            kinds = frozenset({LineKind.BANK})
        account = "paystack" if side is Side.PROVIDER else BANK
        data = "\r\n".join([head, *rows]).encode()
        statement = read_statement(data, Described(side, account, kinds, start, end))
        return await self.imports.take(statement, origin="file", actor=SYSTEM)

    async def open_breaks(self) -> list[tuple[str, str]]:
        found = await self.database.rows("SELECT kind, reference FROM reconciliation_breaks WHERE status = 'open'")
        return sorted((row["kind"], row["reference"]) for row in found)

    async def alarms(self) -> list[str]:
        found = await self.database.rows("SELECT payload FROM outbox WHERE topic = 'alert' ORDER BY id")
        return [row["payload"]["kind"] for row in found]

    async def write_book(self, *, charges: int, transfers: int, refunds: int, settlements: int) -> Book:
        """Write journals of a month and return them with the statements that agree with them."""
        await self._open_accounts()
        await self.owner.execute(_EVENTS.format(charges=charges, transfers=transfers, refunds=refunds))
        # One transaction: entries belong to the transaction of their journal.
        async with self.owner.connection() as connection, connection.transaction():
            await connection.execute("SET LOCAL statement_timeout = '120s'")
            for statement in _WRITE:
                await connection.execute(statement)
        rows = await self.owner.rows("SELECT * FROM book ORDER BY n")
        provider = [
            Told(
                row["kind"],
                # A provider's export shows its own reference or ours.
                row["own"] if row["kind"] == "charge" and row["n"] % 5 == 0 else row["ref"],
                row["amount"],
                row["at"],
                row["fee"] if row["n"] % 3 else None,
            )
            for row in rows
        ]
        bank = []
        for number in range(settlements):
            at = START + timedelta(days=1, hours=number * 10)
            net = 5_000_000 + number
            provider.append(Told("settlement", f"71{number:05d}", net, at))
            # Every other bank line names the settlement; the amount has to do for the rest.
            narration = f"NIP/PAYSTACK/71{number:05d}/KRO" if number % 2 else "NIP TRANSFER PAYSTACK"
            bank.append(Told("bank", f"FT{number:06d}", net, at + timedelta(hours=20), narration=narration))
        entries = await self.owner.value("SELECT count(*) FROM ledger_entries")
        return Book(entries=entries, provider=provider, bank=bank)

    async def post(self, kind: str, reference: str, amount: int, *, at: datetime = START + timedelta(days=3)) -> UUID:
        """Write one more journal that moves an amount at the provider, against an adjustment."""
        journal_id = uuid7_at(at)
        accounts = chart.provider_clearing("paystack", "NGN"), chart.adjustment("missed_credit", "NGN")
        async with self.owner.connection() as connection, connection.transaction():
            for account in accounts:
                await connection.execute(
                    "INSERT INTO kro_balance (id, code, owner_id, qualifier, currency, normal, tracked, allow_negative)"
                    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING",
                    *(getattr(account, name) for name in type(account).__slots__),
                )
            await connection.execute(
                "INSERT INTO ledger_journals (id, kind, source_type, source_id, provider, external_ref, occurred_at,"
                " actor) VALUES ($1, $2, 'test', $3, 'paystack', $4, $5, 'system')",
                journal_id,
                kind,
                uuid4(),
                reference,
                at,
            )
            for account, signed in zip(accounts, (amount, -amount), strict=True):
                await connection.execute(
                    "INSERT INTO ledger_entries (journal_id, account_id, currency, amount) VALUES ($1, $2, 'NGN', $3)",
                    journal_id,
                    account.id,
                    signed,
                )
        return journal_id

    async def _open_accounts(self) -> None:
        shared = [
            chart.provider_clearing("paystack", "NGN"),
            chart.provider_fees("paystack", "NGN"),
        ]
        users = [chart.user_available(UUID(int=number), "NGN") for number in range(1, USERS + 1)]
        for number in range(1, USERS + 1):
            await self.owner.execute(
                "INSERT INTO users (id, phone, first_name, last_name, password_hash, status, role_code, kyc_tier)"
                " VALUES ($1, $2, 'A', 'B', 'x', 'active', 'member', 1)",
                UUID(int=number),
                f"+23480300{number:05d}",
            )
        for account in shared + users:
            await self.owner.execute(
                "INSERT INTO kro_balance (id, code, owner_id, qualifier, currency, normal, tracked, allow_negative)"
                " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
                *(getattr(account, name) for name in type(account).__slots__),
            )


def uuid7_at(at: datetime) -> UUID:
    random = uuid4().int & ((1 << 62) - 1)
    return UUID(int=(int(at.timestamp() * 1000) << 80) | (0x7 << 76) | (0x2 << 62) | random)


def changed(line: Told, **values: Any) -> Told:
    return replace(line, **values)


_EVENTS = """
CREATE TABLE book AS
SELECT n, 'charge' AS kind, (4000000000 + n)::text AS ref, gen_random_uuid()::text AS own, gen_random_uuid() AS source,
       100000 + n * 7919 % 5000000 AS amount, (100000 + n * 7919 % 5000000) * 15 / 1000 AS fee, n % 50 + 1 AS person,
       timestamptz '2026-01-01 06:00Z' + n * (interval '28 days' / {charges}) AS at
FROM generate_series(1, {charges}) AS n
UNION ALL
SELECT 1000000 + n, 'transfer', 'TRF_' || n, gen_random_uuid()::text, gen_random_uuid(), 10000 + n * 31 % 100000, 1000,
       n % 50 + 1, timestamptz '2026-01-02 06:00Z' + n * (interval '27 days' / {transfers})
FROM generate_series(1, {transfers}) AS n
UNION ALL
SELECT 2000000 + n, 'transfer_return', 'TRF_' || n, '', gen_random_uuid(), 10000 + n * 31 % 100000, NULL, n % 50 + 1,
       timestamptz '2026-01-02 09:00Z' + n * (interval '27 days' / {transfers})
FROM generate_series(8, {transfers}, 8) AS n
UNION ALL
SELECT 3000000 + n, 'refund', (90000000 + n)::text, '', gen_random_uuid(), 5000 + n, NULL, n % 50 + 1,
       timestamptz '2026-01-03 06:00Z' + n * (interval '25 days' / {refunds})
FROM generate_series(1, {refunds}) AS n"""

_ID = """encode(substring(int8send((extract(epoch FROM at) * 1000)::bigint) FROM 3), 'hex')
    || '7' || lpad({part}, 3, '0') || '8' || lpad(to_hex(n), 15, '0')"""

_WRITE = (
    """INSERT INTO transactions (id, kind, user_id, provider, reference, provider_reference, currency, amount, fee, vat,
                                 received_amount, variance, status, approvals_required, polls, version, created_at,
                                 updated_at, settled_at)
       SELECT source, 'payment', ('00000000-0000-0000-0000-' || lpad(to_hex(person), 12, '0'))::uuid, 'paystack', own,
              ref, 'NGN', amount, 0, 0, amount, 'exact', 'succeeded', 0, 0, 1, at, at, at
       FROM book WHERE kind = 'charge'""",
    f"""CREATE TEMP TABLE posted AS
        SELECT ({_ID.format(part="'1'")})::uuid AS id,
               CASE kind WHEN 'charge' THEN 'receipt' WHEN 'transfer' THEN 'payout_settled'
                         WHEN 'transfer_return' THEN 'payout_returned' ELSE 'refund_confirmed' END AS kind,
               CASE kind WHEN 'charge' THEN 'payment' WHEN 'refund' THEN 'refund' ELSE 'payout' END AS source_type,
               source, ref, at, person, 'provider_clearing' AS side, 'user_available' AS other,
               CASE WHEN kind IN ('charge', 'transfer_return') THEN amount ELSE -amount END AS amount
        FROM book
        UNION ALL
        SELECT ({_ID.format(part="'2'")})::uuid, 'provider_fee',
               CASE kind WHEN 'charge' THEN 'payment' ELSE 'payout' END, source, ref, at, person, 'provider_clearing',
               'provider_fees', -fee
        FROM book WHERE fee > 0""",  # noqa: S608 - built from constants only
    """INSERT INTO ledger_journals (id, kind, source_type, source_id, provider, external_ref, occurred_at, actor)
       SELECT id, kind, source_type, source, 'paystack', ref, at, 'system' FROM posted""",
    """INSERT INTO ledger_entries (journal_id, account_id, currency, amount)
       SELECT p.id, b.id, 'NGN', CASE WHEN b.code = p.side THEN p.amount ELSE -p.amount END
       FROM posted AS p JOIN kro_balance AS b ON b.currency = 'NGN' AND (
           (b.code = p.side AND b.qualifier = 'paystack')
           OR (b.code = p.other AND (b.qualifier = 'paystack'
               OR b.owner_id = ('00000000-0000-0000-0000-' || lpad(to_hex(p.person), 12, '0'))::uuid)))""",
    """UPDATE kro_balance AS b SET balance = d.total
       FROM (SELECT account_id, -sum(amount)::bigint AS total FROM ledger_entries GROUP BY account_id) AS d
       WHERE d.account_id = b.id AND b.tracked""",
)
