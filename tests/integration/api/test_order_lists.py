"""Lists and search of orders: what each filter lets through, and that none of them reads more than a page needs."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import pyotp
import pytest
from tests.conftest import FreshDatabase

from kro.core.actor import Actor, ActorKind
from kro.core.database.embedded import Role
from kro.core.ids import read_id, show_id
from kro.order.database.admin_orders import admin_list_query
from kro.order.database.list_query import WALKED, OrderFilter
from kro.order.database.lists import _COUNTS, _ENDED_STATUSES, MOST_ENDED, list_query
from kro.order.database.words import OrderStatus, Party
from kro_api import PASSWORD, TOTP_SECRET, Person, World
from order_steps import accepted, created, funded, proposal, quoted, stepped

LIMIT = 21
MANY = 20_000
TITLES = ("Refurbished laptop", "Wi-Fi router 6E", "Blue suede shoes", "O'Neill surf board", "Ankara fabric, 6 yards")

# One order becomes many: half of them sold by one shop to a thousand buyers, in every status, over two years.
CLONE = """
INSERT INTO users SELECT (jsonb_populate_record(u, jsonb_build_object(
    'id', md5('user' || n)::uuid, 'phone', '+23480' || lpad(n::text, 8, '0')))).*
FROM users AS u, generate_series(1, 1000) AS n WHERE u.id = $1;
"""
CLONE_ORDERS = """
INSERT INTO orders SELECT (jsonb_populate_record(o, jsonb_build_object(
    'id', md5('order' || n)::uuid,
    'buyer_id', md5('user' || 1 + n % 1000)::uuid,
    'seller_id', CASE WHEN n % 2 = 0 THEN o.seller_id ELSE md5('user' || 1 + (n + 7) % 1000)::uuid END,
    'title', ($2::text[])[1 + n % 5] || ' ' || n,
    'amount', 100000 + n,
    'status', s.status,
    'on_hold', n % 1000 = 0 AND s.open,
    'deliver_by', CASE WHEN s.status = 'in_progress' THEN now() - interval '1 day' + n % 3 * interval '1 day' END,
    'ended_at', CASE WHEN NOT s.open THEN now() END,
    'created_at', now() - interval '730 days' * n / $3))).*
FROM orders AS o, generate_series(1, $3::integer) AS n, LATERAL (
    SELECT CASE WHEN n % 100 < 90 THEN 'closed' ELSE (ARRAY['created', 'accepted', 'in_progress', 'completed',
        'issue_reported', 'disputed', 'refunded', 'declined', 'cancelled', 'expired'])[1 + n % 10] END AS status
) AS chosen, LATERAL (SELECT chosen.status, chosen.status IN ('created', 'accepted', 'in_progress', 'completed',
    'issue_reported', 'disputed') AS open) AS s
WHERE o.id = $1
"""


@pytest.fixture
async def owner(fresh_database: FreshDatabase) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    connection = await asyncpg.connect(fresh_database.dsn(Role.OWNER))
    yield connection
    await connection.close()


async def ids_of(person: Person, path: str = "/orders", **query: Any) -> list[str]:
    reply = await person.get(path, **query)
    assert reply.status_code == 200, reply.text
    return [row["id"] for row in reply.json()["data"]]


async def admin(world: World) -> Person:
    body = {"email": "admin@kro.example", "password": PASSWORD, "totp": pyotp.TOTP(TOTP_SECRET).now()}
    return Person(world.http, (await world.http.post("/v1/admin/auth/login", json=body)).json()["access_token"])


async def titled(world: World, title: str, *, amount: int = 15_000_000) -> dict[str, Any]:
    body = {**proposal(await quoted(world, amount=amount)), "title": title}
    order: dict[str, Any] = (await world.buyer.post("/orders", body)).json()
    return order


class TestFilters:
    async def test_by_several_statuses_role_and_counterparty(self, world: World) -> None:
        declined, waiting, agreed = await created(world), await created(world), await accepted(world)
        await stepped(world.seller.post(f"/orders/{declined['id']}/decline", {"reason": "no"}))

        everything = [agreed["id"], waiting["id"], declined["id"]]
        assert await ids_of(world.seller) == everything
        assert await ids_of(world.seller, status=["declined", "accepted"]) == [agreed["id"], declined["id"]]
        assert await ids_of(world.seller, status="closed") == []
        assert await ids_of(world.buyer, role="seller") == []
        assert await ids_of(world.buyer, role="buyer", status="created") == [waiting["id"]]
        assert await ids_of(world.buyer, counterparty=agreed["seller"]["id"]) == everything
        assert await ids_of(world.buyer, counterparty=agreed["seller"]["id"], status="accepted") == [agreed["id"]]
        assert await ids_of(world.buyer, counterparty=agreed["buyer"]["id"]) == []

    async def test_by_time_and_amount_with_both_ends(self, world: World) -> None:
        cheap, dear = await titled(world, "Cheap", amount=1_000_000), await titled(world, "Dear", amount=2_000_000)
        at = dear["created_at"]

        assert await ids_of(world.buyer, created_from=at) == [dear["id"]]
        assert await ids_of(world.buyer, created_to=at) == [cheap["id"]]
        assert await ids_of(world.buyer, currency="NGN", amount_min=1_000_000, amount_max=1_999_999) == [cheap["id"]]
        assert await ids_of(world.buyer, currency="NGN", amount_min=1_000_001) == [dear["id"]]
        assert await ids_of(world.buyer, currency="EUR") == []

    async def test_by_words_and_by_code(self, world: World) -> None:
        router, board = await titled(world, "Wi-Fi router 6E"), await titled(world, "O'Neill surf board")

        for text in ("router", "ROUT", "wi-fi 6e", "Wi-Fi rout"):
            assert await ids_of(world.buyer, text=text) == [router["id"]], text
        for text in ("o'neill", "surf bo", board["id"], board["id"][-6:].upper()):
            assert board["id"] in await ids_of(world.seller, text=text), text
        for text in ("outer", "!!!", "'", "\\", "a:*&|!()<->", router["seller"]["id"], "@" + "0" * 36):
            assert await ids_of(world.buyer, text=text) == [], text
        assert await ids_of(world.buyer, text="router", role="seller") == []
        assert await ids_of(world.buyer, text="router", status="closed") == []
        assert await ids_of(world.stranger, text="router") == []

    @pytest.mark.parametrize(
        ("query", "pointer"),
        [
            ({"amount_min": 1}, "query:currency"),
            ({"counterparty": "usr_nobody"}, "query:counterparty"),
            ({"created_from": "2026-01-01T00:00:00"}, "query:created_from"),
            ({"created_to": "0001-01-01T00:00:00+14:00"}, "query:created_to"),
            ({"currency": "NGN", "amount_max": 10**30}, "query:amount_max"),
            ({"text": "a\x00"}, "query:text"),
            ({"text": " "}, "query:text"),
            ({"status": "lost"}, "query:status.0"),
        ],
    )
    async def test_are_checked(self, world: World, query: dict[str, Any], pointer: str) -> None:
        reply = await world.buyer.get("/orders", **query)
        assert (reply.status_code, reply.json()["errors"][0]["pointer"]) == (422, pointer)

    async def test_stay_the_same_from_page_to_page(self, world: World) -> None:
        orders = [await titled(world, f"Laptop {number}") for number in range(5)]
        query: dict[str, Any] = {"text": "laptop", "status": ["created", "closed"], "limit": 2}
        seen: list[str] = []
        cursor = None
        for _ in range(3):
            page = (await world.buyer.get("/orders", **query, **({"cursor": cursor} if cursor else {}))).json()
            seen += [row["id"] for row in page["data"]]
            cursor = page["next_cursor"] or cursor

        assert seen == [order["id"] for order in reversed(orders)]
        other = await world.buyer.get("/orders", **{**query, "text": "lap"}, cursor=cursor)
        assert (other.status_code, other.json()["code"]) == (422, "invalid_cursor")

    async def test_know_an_order_by_the_end_of_its_id(self, owner: asyncpg.Connection[asyncpg.Record]) -> None:
        ids = [UUID(int=number) for number in (0, 2**128 - 1, 0x0123456789ABCDEF0123456789ABCDEF, 0x1C6F3A51)]

        codes = [await owner.fetchval("SELECT order_code($1)", order_id) for order_id in ids]

        assert codes == [show_id("ord", order_id)[-6:] for order_id in ids]


class TestCounts:
    async def test_are_per_role_and_status(self, world: World) -> None:
        declined, *_ = await created(world), await created(world), await accepted(world)
        await stepped(world.seller.post(f"/orders/{declined['id']}/decline", {"reason": "no"}))

        counts = (await world.buyer.get("/orders/counts")).json()

        assert {status: n for status, n in counts["buyer"].items() if n} == {"created": 1, "accepted": 1, "declined": 1}
        assert set(counts["seller"].values()) == {0}
        assert len(counts["buyer"]) == len(OrderStatus)
        assert (await world.seller.get("/orders/counts")).json()["seller"] == counts["buyer"]


class TestAdmins:
    async def test_list_everybodys_and_find_what_is_wrong(self, world: World) -> None:
        late, held, fine = await accepted(world), await accepted(world), await accepted(world)
        change = "UPDATE orders SET {0} WHERE id = $1"
        overdue = "status = 'in_progress', deliver_by = now() - interval '1 minute'"
        await world.database.execute(change.format(overdue), read_id("ord", late["id"]))
        await world.database.execute(change.format("on_hold = true"), read_id("ord", held["id"]))
        desk, path = await admin(world), "/admin/orders"

        assert await ids_of(desk, path) == [fine["id"], held["id"], late["id"]]
        assert await ids_of(desk, path, overdue=True) == [late["id"]]
        assert await ids_of(desk, path, on_hold=True) == [held["id"]]
        assert await ids_of(desk, path, user=fine["buyer"]["id"], status="accepted") == [fine["id"], held["id"]]
        assert await ids_of(desk, path, text=fine["id"][-6:]) == [fine["id"]]
        stranger = show_id("usr", UUID(int=1))
        assert await ids_of(desk, path, user=stranger) == []
        assert await ids_of(desk, path, user=fine["buyer"]["id"], counterparty=fine["seller"]["id"], limit=1) != []
        alone = await desk.get(path, counterparty=stranger)
        assert (alone.status_code, alone.json()["errors"][0]["pointer"]) == (422, "query:user")

    async def test_see_what_happened_and_what_moved_and_leave_a_trace(self, world: World) -> None:
        order = await funded(world)
        desk = await admin(world)

        seen = (await desk.get(f"/admin/orders/{order['id']}")).json()

        assert [event["type"] for event in seen["events"]] == ["created", "accepted", "funded"]
        assert [journal["kind"] for journal in seen["journals"]] == ["order_funded"]
        assert (seen["held"]["amount"], seen["buyer"]["display_name"]) == (15_201_563, "Test Buyer")
        nothing = await desk.get(f"/admin/orders/{show_id('ord', UUID(int=1))}")
        assert (nothing.status_code, nothing.json()["code"]) == (404, "order_not_found")
        looks = "SELECT array_agg(target_id) FROM audit_log WHERE action = 'order.read'"
        assert await world.database.value(looks) == [read_id("ord", order["id"]), UUID(int=1)]


FILTERS: Mapping[str, OrderFilter] = {
    "everything": OrderFilter(),
    "role": OrderFilter(role=Party.SELLER),
    "open": OrderFilter(statuses=(OrderStatus.DISPUTED, OrderStatus.COMPLETED)),
    "ended": OrderFilter(statuses=(OrderStatus.CLOSED, OrderStatus.EXPIRED)),
    "mixed": OrderFilter(role=Party.SELLER, statuses=(OrderStatus.REFUNDED, OrderStatus.ISSUE_REPORTED)),
    "counterparty": OrderFilter(counterparty_id=UUID(int=0)),
    "common word": OrderFilter(words="laptop"),
    "rare word": OrderFilter(words="laptop 12345"),
    "code": OrderFilter(words="zzzzzz", code="zzzzzz"),
}
ADMIN_FILTERS: Mapping[str, OrderFilter] = {
    **{name: FILTERS[name] for name in ("everything", "open", "ended", "mixed", "common word", "rare word", "code")},
    "on hold": OrderFilter(on_hold=True),
    "overdue": OrderFilter(overdue=True),
}


async def test_no_list_reads_more_than_its_page(world: World, owner: asyncpg.Connection[asyncpg.Record]) -> None:
    order = await created(world)
    template = await owner.fetchrow("SELECT * FROM orders WHERE id = $1", read_id("ord", order["id"]))
    assert template is not None
    await owner.execute(CLONE, template["buyer_id"])
    await owner.execute(CLONE_ORDERS, template["id"], list(TITLES), MANY)
    await owner.execute("VACUUM (ANALYZE) orders, users")

    queries = {
        f"{name} of {whose}": list_query(wanted, actor=Actor(ActorKind.USER, user_id), before=None, limit=LIMIT)
        for whose, user_id in (("shop", template["seller_id"]), ("buyer", await somebody(owner)))
        for name, wanted in FILTERS.items()
    } | {
        f"{name} for admins": admin_list_query(wanted, user_id=None, before=None, limit=LIMIT)
        for name, wanted in ADMIN_FILTERS.items()
    }
    kinds = itertools.product(queries.items(), ("force_custom_plan", "force_generic_plan"))
    for (asked, (sql, values)), mode in kinds:
        name = f"{asked}, {mode}"
        # Words are looked for among so many of the newest first, on either side.
        most = 11 * LIMIT + (2 * WALKED if "word" in name or "code" in name else 0)
        nodes = list(walk(await explain(owner, sql, values, mode=mode)))
        on_orders = [node for node in nodes if node.get("Relation Name") == "orders"]
        assert on_orders, name
        assert [node["Node Type"] for node in on_orders if node["Node Type"] == "Seq Scan"] == [], name
        read = sum(node["Actual Rows"] * node["Actual Loops"] for node in on_orders)
        thrown_away = sum(node.get("Rows Removed by Filter", 0) for node in on_orders)
        assert read <= most, name
        assert thrown_away <= MANY / 10, name
        sorted_rows = [node["Plans"][0]["Actual Rows"] for node in nodes if "Sort" in node["Node Type"]]
        assert max(sorted_rows, default=0) <= most, name

    counted = await explain(owner, _COUNTS, (template["seller_id"], UUID(int=0), _ENDED_STATUSES))
    on_orders = [node for node in walk(counted) if node.get("Relation Name") == "orders"]
    assert "Seq Scan" not in {node["Node Type"] for node in on_orders}
    statuses, open_ones = len(_ENDED_STATUSES), MANY / 2 * 0.1
    assert sum(node["Actual Rows"] * node["Actual Loops"] for node in on_orders) < statuses * MOST_ENDED + open_ones
    assert (await world.seller.get("/orders/counts")).json()["seller"]["closed"] == MOST_ENDED


async def somebody(owner: asyncpg.Connection[asyncpg.Record]) -> UUID:
    found: UUID = await owner.fetchval("SELECT md5('user' || 42)::uuid")
    return found


async def explain(
    owner: asyncpg.Connection[asyncpg.Record], sql: str, values: Any, *, mode: str = "force_custom_plan"
) -> dict[str, Any]:
    """Run a statement with the plan made for these arguments, or with the one that is kept for all."""
    kinds = [kind.name for kind in (await owner.prepare(sql)).get_parameters()]
    texts = [",".join(value) if isinstance(value, list) else value for value in values]
    given = await owner.fetchval(
        "SELECT string_agg(quote_nullable(v), ', ' ORDER BY n) FROM unnest($1::text[]) WITH ORDINALITY AS g (v, n)",
        [
            None if text is None else f"{{{text}}}" if kind.endswith("[]") else str(text)
            for text, kind in zip(texts, kinds, strict=True)
        ],
    )
    await owner.execute(f"SET plan_cache_mode = {mode}")
    await owner.execute(f"PREPARE asked ({', '.join(kinds)}) AS {sql}")
    text = await owner.fetchval(f"EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE asked ({given})")
    await owner.execute("DEALLOCATE asked")
    plan: dict[str, Any] = orjson.loads(text)[0]["Plan"]
    return plan


def walk(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("Plans", ()):
        yield from walk(child)
