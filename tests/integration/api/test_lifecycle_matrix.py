"""Every status, every command, both parties: what the table does not list is a conflict and changes nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from kro.core.ids import read_id
from kro.order.database.words import Command, OrderStatus, Party
from kro.order.domain.lifecycle import LIFECYCLE
from kro_api import Person, World
from order_steps import PNG, accepted, completed, created, funded, stepped

Scene = Callable[[World], Awaitable[dict[str, Any]]]
NO = {"reason": "no"}
WORDS = {"text": "It was like that."}
AMOUNT = {"amount": 1_000, "currency": "NGN"}
CONDITION, ISSUE, OFFER, AMENDMENT = "{condition}", "{issue}", "{offer}", "{amendment}"
TERMS = {
    "title": "Laptop",
    "description": "Another laptop",
    "delivery_hours": 96,
    "conditions": [{"kind": "inspection", "title": "As described", "confirmed_by": "buyer"}],
}
NOBODYS: dict[str, str] = {"issue": "iss_01kajz7k3nf9b8r2m4q6s8t0vw", "offer": "ofr_01kajz7k3nf9b8r2m4q6s8t0vw"}
NOBODYS["amendment"] = "amd_01kajz7k3nf9b8r2m4q6s8t0vw"

REQUESTS: dict[Command, tuple[str, Any]] = {
    Command.ACCEPT: ("accept", {"terms_hash": "0" * 64}),
    Command.DECLINE: ("decline", NO),
    Command.CANCEL: ("cancel", NO),
    Command.SELLER_CANCEL: ("cancel", NO),
    Command.CANCEL_OVERDUE: ("cancel", NO),
    Command.FUND: ("fund", {"method": "balance"}),
    Command.ADD_EVIDENCE: ("evidence", PNG),
    Command.SUBMIT_CONDITION: (f"conditions/{CONDITION}/submit", {"evidence_ids": []}),
    Command.CONFIRM_CONDITION: (f"conditions/{CONDITION}/confirm", {}),
    Command.REJECT_CONDITION: (f"conditions/{CONDITION}/reject", NO),
    Command.WAIVE_CONDITION: (f"conditions/{CONDITION}/waive", {}),
    Command.COMPLETE: ("complete", {}),
    Command.APPROVE: ("approve", {}),
    Command.REQUEST_CHANGES: ("request-changes", NO),
    Command.PARTIAL_RELEASE: ("partial-releases", {"amount": AMOUNT}),
    Command.EXTEND_INSPECTION: ("extend-inspection", {"hours": 1}),
    Command.REPORT_ISSUE: ("issues", {"category": "other", "statement": "It was like that."}),
    Command.ANSWER_ISSUE: (f"issues/{ISSUE}/answer", WORDS),
    Command.CONCEDE: (f"issues/{ISSUE}/concede", {}),
    Command.WITHDRAW_ISSUE: (f"issues/{ISSUE}/withdraw", {}),
    Command.ESCALATE: (f"issues/{ISSUE}/escalate", {}),
    Command.ADD_STATEMENT: (f"issues/{ISSUE}/statements", {**WORDS, "evidence_ids": []}),
    Command.APPEAL: (f"issues/{ISSUE}/appeal", WORDS),
    Command.WAIVE_APPEAL: (f"issues/{ISSUE}/waive-appeal", {}),
    Command.MAKE_OFFER: ("offers", {"seller_amount": AMOUNT}),
    Command.ACCEPT_OFFER: (f"offers/{OFFER}/accept", {}),
    Command.DECLINE_OFFER: (f"offers/{OFFER}/decline", {}),
    Command.WITHDRAW_OFFER: (f"offers/{OFFER}/withdraw", {}),
    Command.EDIT_TERMS: ("terms", TERMS),
    Command.COUNTER_OFFER: ("counter-offers", TERMS),
    Command.PROPOSE_AMENDMENT: ("amendments", {"delivery_hours": 100}),
    Command.ACCEPT_AMENDMENT: (f"amendments/{AMENDMENT}/accept", {"hash": "0" * 64}),
    Command.DECLINE_AMENDMENT: (f"amendments/{AMENDMENT}/decline", {}),
    Command.WITHDRAW_AMENDMENT: (f"amendments/{AMENDMENT}/withdraw", {}),
    Command.RENEW_HANDOVER_CODE: ("handover-code", {}),
    Command.ENTER_HANDOVER_CODE: ("handover-code/enter", {"code": "000000"}),
}


def after(scene: Scene, by: str, step: str, body: Any = None) -> Scene:
    async def play(world: World) -> dict[str, Any]:
        order = await scene(world)
        who: Person = getattr(world, by)
        step_now = step.format(issue=(order["issue"] or {}).get("id"))
        return await stepped(who.post(f"/orders/{order['id']}/{step_now}", body))

    return play


async def expired(world: World) -> dict[str, Any]:
    order = await created(world)
    await world.pass_time(order["id"], hours=73)
    return await stepped(world.buyer.get(f"/orders/{order['id']}"))


_REPORTED = after(completed, "buyer", "issues", REQUESTS[Command.REPORT_ISSUE][1])
SCENES: dict[OrderStatus, Scene] = {
    OrderStatus.CREATED: created,
    OrderStatus.ACCEPTED: accepted,
    OrderStatus.IN_PROGRESS: funded,
    OrderStatus.COMPLETED: completed,
    OrderStatus.CLOSED: after(completed, "buyer", "approve"),
    OrderStatus.ISSUE_REPORTED: _REPORTED,
    OrderStatus.DISPUTED: after(_REPORTED, "buyer", "issues/{issue}/escalate"),
    OrderStatus.REFUNDED: after(funded, "seller", "cancel", NO),
    OrderStatus.DECLINED: after(created, "seller", "decline", NO),
    OrderStatus.CANCELLED: after(created, "buyer", "cancel", NO),
    OrderStatus.EXPIRED: expired,
}


def is_listed(status: OrderStatus, path: str, party: Party) -> bool:
    """Whether the table has a row for any of the commands that a path stands for."""
    commands = {command for command, (suffix, _) in REQUESTS.items() if suffix == path}
    proposer = {"proposer": Party.BUYER, "other_party": Party.SELLER}
    return any(
        row.command in commands
        and status in row.sources
        and (row.who == "either" or proposer.get(row.who, row.who) == party)
        for row in LIFECYCLE
    )


async def everything(world: World, order: dict[str, Any]) -> list[Any]:
    order_id = read_id("ord", order["id"])
    queries = (
        "SELECT o::text FROM orders AS o WHERE id = $1",
        "SELECT string_agg(c::text, ',' ORDER BY position) FROM conditions AS c WHERE order_id = $1",
        "SELECT count(*) FROM order_events WHERE order_id = $1",
        "SELECT string_agg(t::text, ',' ORDER BY kind) FROM timers AS t WHERE order_id = $1",
        "SELECT string_agg(i::text, ',' ORDER BY id) FROM issues AS i WHERE order_id = $1",
        "SELECT count(*) FROM offers WHERE order_id = $1",
        "SELECT count(*) FROM statements WHERE order_id = $1",
        "SELECT count(*) FROM evidence WHERE order_id = $1",
    )
    return [
        *[await world.database.value(query, order_id) for query in queries],
        await world.database.value("SELECT count(*) FROM ledger_journals"),
        await world.database.value("SELECT count(*) FROM outbox"),
    ]


def test_every_command_of_a_party_has_its_request() -> None:
    parties = {"buyer", "seller", "either", "proposer", "other_party"}
    assert {row.command for row in LIFECYCLE if row.who in parties} == set(REQUESTS)
    assert set(SCENES) == set(OrderStatus)


@pytest.mark.parametrize("status", OrderStatus)
async def test_what_is_not_listed_is_a_conflict_and_changes_nothing(world: World, status: OrderStatus) -> None:
    order = await SCENES[status](world)
    assert order["status"] == status
    ids = {**NOBODYS, "condition": order["conditions"][0]["id"]}
    if order["issue"]:
        ids["issue"] = order["issue"]["id"]
    paths = dict(REQUESTS.values())
    before = await everything(world, order)
    refused = 0

    for party, person in ((Party.BUYER, world.buyer), (Party.SELLER, world.seller)):
        for path, body in paths.items():
            if is_listed(status, path, party):
                continue
            where = f"/orders/{order['id']}/{path.format(**ids)}"
            if isinstance(body, bytes):
                reply = await person.upload(where, body, content_type="image/png", file_name="a.png")
            else:
                reply = await person.post(where, body)
            assert reply.status_code == 409, (where, party, reply.text)
            assert reply.json()["code"] in {"order_illegal_transition", "order_wrong_party"}, (where, party)
            refused += 1

    assert refused >= 20
    assert await everything(world, order) == before
