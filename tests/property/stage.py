"""Where the machine plays: the real services on a real database, one event loop, and nothing left of the last play."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar
from uuid import UUID

import asyncpg
from tests.conftest import FreshDatabase
from tests.integration.payment.world import Admin
from tests.integration.refund.world import RefundWorld
from tests.property.books import Account

from kro.bootstrap.reconciliation import INVARIANTS
from kro.core.actor import Actor
from kro.core.auth.randomness import SystemRandomness
from kro.core.business_days import day_of
from kro.core.clock import SystemClock
from kro.core.config import load_settings
from kro.core.database.embedded import Role
from kro.core.database.pool import Database, PoolOptions
from kro.core.decisions import Decision, Journal, LostRaceError, Update
from kro.core.decisions.encoding import encode
from kro.core.errors import KroError
from kro.core.kyc.board import TierBoard
from kro.core.rate_limit import RateLimiter
from kro.core.two_factor import USER_FACTORS, TwoFactor
from kro.kro_balance.domain import Posting, Rollups, StatementRepository, Statements, seed_tax_rules
from kro.management.database.payouts import PayoutBasisStore
from kro.management.domain import PayoutRequests
from kro.order.domain import CreationRepository, OrderRepository, OrderRules, OrderService
from kro.payment.database.suspense import SuspenseRepository
from kro.payment.domain import SuspenseService, bank_account_context
from kro.refund.domain import record_wallet_refund
from kro.seed import taxes
from kro.verification.domain import MagicLinks, StepUp, StepUpChallenges, StepUpRules
from tier_scenes import UNLIMITED

T = TypeVar("T")

_START: Final = datetime(2026, 1, 15, 9, tzinfo=UTC)
_LASTING: Final = {
    "admins",
    "alembic_version",
    "bank_accounts",
    "fee_configuration",
    "ledger_rollup_mark",
    "sessions",
    "tax_rules",
    "two_factor_admin",
    "user_roles",
    "users",
}
_BOOKS: Final = """
SELECT code, owner_id, qualifier, currency, balance, id, (SELECT count(*) FROM ledger_journals) AS journals,
       clock_timestamp() AS moment
FROM ledger_balances"""
# The machine books contested payments by their journals alone: there are no rows that these could agree with.
_WITHOUT_ROWS: Final = "chargebacks_took_what_they_say"
_ALL_INVARIANTS: Final = " UNION ALL ".join(
    f"SELECT '{name}' AS name, ({query.strip()})::bigint AS violations"
    for name, query in INVARIANTS.items()
    if name != _WITHOUT_ROWS
)
_HAPPENED: Final = """
SELECT kind AS what, count(*) AS often FROM ledger_journals GROUP BY kind
UNION ALL SELECT kind || ' ' || status, count(*) FROM transactions GROUP BY kind, status
UNION ALL SELECT 'refund of ' || origin || ' to ' || destination || ' ' || status, count(*) FROM refunds
          GROUP BY origin, destination, status
UNION ALL SELECT 'order ' || status, count(*) FROM orders GROUP BY status
UNION ALL SELECT 'roll-up', count(*) FROM ledger_rollups HAVING count(*) > 0"""
_THEN: Final = """
SELECT count(*) FROM unnest($1::uuid[], $2::timestamptz[], $3::bigint[]) AS seen (id, moment, balance)
WHERE balance_at(seen.id, seen.moment) IS DISTINCT FROM seen.balance"""
_RULES: Final = OrderRules(
    accept_within=timedelta(hours=72),
    fund_within=timedelta(hours=48),
    goods_inspection_hours=72,
    service_inspection_hours=168,
    overdue_grace=timedelta(hours=24),
    buyer_extension_hours=48,
    revisions=1,
    tiers=UNLIMITED,
)


class MoneyWorld(RefundWorld):
    """Everything that moves money, as the program builds it."""

    def __post_init__(self) -> None:
        super().__post_init__()
        shared: dict[str, Any] = {"runner": self.runner, "clock": self.clock, "ids": self.ids}
        settings = load_settings(environment="test", environ={})
        tiers = TierBoard(self.database, settings=settings.kyc, clock=self.clock)
        self.step_up = StepUp(
            StepUpChallenges(self.database),
            two_factor=TwoFactor(self.database, cipher=self.cipher, clock=self.clock, table=USER_FACTORS),
            limiter=RateLimiter(self.database),
            rules=StepUpRules({"NGN": 10**12}),
            key=b"o" * 32,
            cipher=self.cipher,
            settings=settings.otp,
            clock=self.clock,
            ids=self.ids,
            randomness=SystemRandomness(),
        )
        self.orders = OrderService(
            orders=OrderRepository(self.database),
            creations=CreationRepository(self.database),
            rules=_RULES,
            tiers=tiers,
            board=self.board,
            refund_hook=record_wallet_refund,
            links=MagicLinks(cipher=self.cipher, randomness=SystemRandomness(), ids=self.ids),
            step_up=self.step_up,
            **shared,
        )
        self.payout_requests = PayoutRequests(
            PayoutBasisStore(self.database),
            rules=self.rules,
            board=self.board,
            tiers=tiers,
            settings=settings.payouts,
            step_up=self.step_up,
            **shared,
        )
        self.suspense = SuspenseService(
            items=SuspenseRepository(self.database),
            providers=self.providers,
            **shared,
        )

    async def add_bank_account(self, user: Actor) -> UUID:
        account_id = self.ids.new()
        await self.database.execute(
            """
            INSERT INTO bank_accounts (id, user_id, bank_code, bank_name, account_number_sealed, account_number_index,
                                       account_number_last4, account_name, currency, usable_from, name_match)
            VALUES ($1, $2, '058', 'Guaranty Trust Bank', $3, $1::uuid::text, '4567', 'DEMO USER', 'NGN', $4, 'match')
            """,
            account_id,
            user.id,
            self.cipher.seal("0001234567", context=bank_account_context(account_id)),
            datetime(2026, 1, 1, tzinfo=UTC),
        )
        return account_id


class Stage:
    """One database for many plays. ``play`` gives an empty world with the same people."""

    def __init__(self, fresh: FreshDatabase) -> None:
        self._fresh = fresh
        self._runner = asyncio.Runner()
        self.world = self.run(self._open())
        self.users: list[Actor] = [self.run(self.world.add_user()) for _ in range(3)]
        self.accounts = [self.run(self.world.add_bank_account(user)) for user in self.users]
        self.admins: list[Admin] = [self.run(self.world.add_admin(role="super")) for _ in range(3)]
        tables = self.run(self._admin.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))
        passing = sorted({row["tablename"] for row in tables} - _LASTING)
        self.happened: Counter[str] = Counter()
        forget = [f"DELETE FROM {table}" for table in passing]  # noqa: S608 - names from the catalog
        self._clear = "; ".join([*forget, "UPDATE two_factor_admin SET last_used_step = 0, failures = 0"])

    def run(self, call: Coroutine[Any, Any, T]) -> T:
        """Run one call to its end."""
        return self._runner.run(call)

    def close(self) -> None:
        self.run(self._database.close())
        self.run(self._admin.close())
        self._runner.close()

    def play(self) -> MoneyWorld:
        """Forget everything that moved, which no role of the program could, and begin anew."""
        self.run(self._admin.execute(self._clear))
        self.world = MoneyWorld(self._database)
        self.world.clock.current = _START
        return self.world

    def as_owner(self, statements: str) -> None:
        """Change the schema, which no role of the program could."""

        async def change() -> None:
            connection = await asyncpg.connect(self._fresh.dsn(Role.OWNER))
            await connection.execute(statements)
            await connection.close()

        self.run(change())

    async def post(self, journal: Journal, *writes: Update) -> None:
        """Write a journal that no use case makes yet, the way every other one is written."""
        await self._database.apply(encode(Decision(journals=(journal,), writes=writes)))

    def head(self) -> Posting:
        return Posting(self.world.ids.new(), self.world.clock.now(), "test")

    def refusal(self, call: Awaitable[object]) -> str | None:
        """Return the code a call is refused with, or ``None``."""
        try:
            self.run(_of(call))
        except KroError as error:
            return error.code
        except LostRaceError:
            return "taken"
        return None

    def books(self) -> tuple[dict[Account, int], int, list[tuple[UUID, datetime, int]]]:
        """Return what every account holds, how many journals there are, and the same as a memory of this moment."""
        rows = self.run(self._database.rows(_BOOKS))
        held: dict[Account, int] = {
            (row["code"], UUID(str(row["owner_id"])), row["qualifier"], row["currency"]): row["balance"]
            for row in rows
            if row["balance"]
        }
        return held, rows[0]["journals"] if rows else 0, [(row["id"], row["moment"], row["balance"]) for row in rows]

    def violations(self) -> dict[str, int]:
        """Return every registered invariant that does not hold."""
        rows = self.run(self._database.rows(_ALL_INVARIANTS))
        return {row["name"]: row["violations"] for row in rows if row["violations"]}

    def forgotten(self, memories: list[tuple[UUID, datetime, int]]) -> int:
        """Count the memories of balances that the ledger does not share."""
        ids, moments, balances = zip(*memories, strict=True) if memories else ((), (), ())
        return int(self.run(self._database.value(_THEN, list(ids), list(moments), list(balances))))

    def statement_closing(self, user: Actor) -> int:
        """Return the closing balance of a statement up to today; putting it together checks that it adds up."""
        clock = SystemClock()
        today = day_of(clock.now())
        issued = Statements(StatementRepository(self._database), clock=clock).issue(
            actor=user, currency="NGN", first=today - timedelta(days=1), last=today
        )
        return self.run(issued).closing

    def note_what_happened(self) -> None:
        """Count every kind of journal of this play, and how payouts and refunds ended."""
        self.happened.update({row["what"]: row["often"] for row in self.run(self._database.rows(_HAPPENED))})

    async def roll_up(self) -> None:
        await Rollups(self._database, fewest=1, batch=7).advance()

    async def _open(self) -> MoneyWorld:
        self._admin = await asyncpg.connect(self._fresh.dsn(Role.ADMIN))
        # What a crash would lose is not asked here, and every step would wait for the disk.
        await self._admin.execute(f'ALTER DATABASE "{self._fresh.name}" SET synchronous_commit = off')
        # Makes the guards against changes, and foreign keys, let this one connection pass.
        await self._admin.execute("SET session_replication_role = replica")
        self._database = await Database.connect(PoolOptions(dsn=self._fresh.dsn(Role.APP), size=4))
        await seed_tax_rules(self._database, taxes(vat_bps=750))
        return MoneyWorld(self._database)


async def _of(call: Awaitable[T]) -> T:
    return await call
