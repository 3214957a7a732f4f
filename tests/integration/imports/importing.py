"""Runs an import in a process that is at hand, and looks at what it left."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from kro.bootstrap.order_rules import order_rules
from kro.kro_balance.domain import OpeningReads
from kro.management.domain import ImportingAccounts, ImportStore
from kro.predecessor.importer import Importer, Tools
from kro.predecessor.mapping import load_mapping
from kro.predecessor.report import Report
from kro.predecessor.source import opened
from kro_api import World


async def imported(world: World, place: str, *, mapping: Path | None = None, **how: Any) -> Report:
    base = world.application.base
    tools = Tools(
        store=ImportStore(base.database),
        openings=OpeningReads(base.database),
        accounts=ImportingAccounts(cipher=base.cipher, index=base.index, cooling=timedelta(hours=24)),
        rules=order_rules(base),
        ids=base.ids,
        now=base.clock.now(),
    )
    async with opened(place) as source:
        return await Importer(source, load_mapping(mapping), tools).run(**how)


async def books(database: Any) -> dict[str, Any]:
    """Everything an import writes, but for the times."""
    queries = {
        "balances": "SELECT code, owner_id, currency, balance FROM kro_balance ORDER BY code, owner_id, currency",
        "entries": """SELECT j.id, j.kind, e.account_id, e.amount FROM ledger_entries AS e
                      JOIN ledger_journals AS j ON j.id = e.journal_id ORDER BY 1, 3""",
        "records": "SELECT source_table, source_key, imported_id, fingerprint FROM import_records ORDER BY 1, 2",
        "users": "SELECT id, phone, first_name, status, kyc_tier FROM users ORDER BY id",
        "orders": "SELECT id, status, funded_amount, terms_hash, last_seq FROM orders ORDER BY id",
        "conditions": "SELECT id, order_id, status FROM conditions ORDER BY id",
        "timers": "SELECT order_id, kind FROM timers ORDER BY order_id, kind",
    }
    return {name: [tuple(row) for row in await database.rows(sql)] for name, sql in queries.items()}


def found(report: Report, *, is_money: bool) -> dict[tuple[str, str], str]:
    return {(one.table, one.key): one.code for one in report.findings if one.is_money is is_money}
