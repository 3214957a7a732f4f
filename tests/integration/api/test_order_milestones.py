"""An order whose price is released in the parts its milestones say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from admin_desk import at_desk
from kro.core.auth.permissions import Role
from kro.core.ids import read_id
from kro_api import BUYER_PHONE, World
from milestone_steps import condition_path, funded, hand_in, part, proposed
from order_steps import DUE, FEE, SELLER_GETS, VAT, shared_out, stepped

THIRD = 5_000_000


def order_uuid(order: dict[str, str]) -> UUID:
    return read_id("ord", order["id"])


async def make_due(world: World, order: dict[str, str]) -> None:
    """Let the time of every milestone that was handed in be over."""
    await world.database.execute(
        "UPDATE conditions SET inspect_by = now() - interval '1 second' WHERE order_id = $1 AND inspect_by IS NOT NULL",
        order_uuid(order),
    )


async def remind(world: World, order: dict[str, str], *channels: str) -> None:
    """Have the buyer reminded of the first milestone, with receipts."""
    buyer = await world.database.value("SELECT id FROM users WHERE phone = $1", BUYER_PHONE)
    for channel in channels:
        await world.database.execute(
            "INSERT INTO notice_receipts (message_id, subject_id, user_id, purpose, channel, status, at) "
            "VALUES ($1, $2, $3, 'condition.1', $4, 'accepted', now())",
            world.application.base.ids.new(),
            order_uuid(order),
            buyer,
            channel,
        )


async def test_a_service_in_three_milestones(world: World) -> None:
    order = await funded(world, part("Plans", THIRD), part("Walls", THIRD), part("Roof", THIRD))
    assert [c["amount"] for c in order["conditions"]] == [{"amount": THIRD, "currency": "NGN"}] * 3

    handed_in = await hand_in(world, order, 1)
    assert handed_in["conditions"][0]["inspect_by"] is not None
    await stepped(world.buyer.post(f"{condition_path(order, 1)}/confirm"))
    assert await shared_out(world) == {
        "buyer": 0,
        "seller": 4_932_813,
        "order_escrow": DUE - 5_067_188,
        "fee_revenue": 125_000,
        "vat_payable": 9_375,
    }
    await hand_in(world, order, 3)
    third = await stepped(world.buyer.post(f"{condition_path(order, 3)}/confirm"))
    assert (third["status"], third["funding_status"]) == ("in_progress", "part_settled")
    assert await shared_out(world) == {
        "buyer": 0,
        "seller": 9_865_625,
        "order_escrow": DUE - 10_134_375,
        "fee_revenue": 250_000,
        "vat_payable": 18_750,
    }
    last = await stepped(world.buyer.post(f"{condition_path(order, 2)}/confirm"))
    assert (last["status"], last["close_reason"], last["held"]["amount"]) == ("closed", "approved", 0)
    assert await shared_out(world) == {
        "buyer": 0,
        "seller": SELLER_GETS,
        "order_escrow": 0,
        "fee_revenue": FEE,
        "vat_payable": VAT,
    }
    await world.work()
    assert await world.violations() == {}


async def test_a_milestone_rejected_waived_and_the_rest_approved(world: World) -> None:
    order = await funded(world, part("Plans", THIRD), part("Walls", 2 * THIRD))
    await hand_in(world, order, 1)
    rejected = await stepped(world.buyer.post(f"{condition_path(order, 1)}/reject", {"reason": "blurred"}))
    assert (rejected["conditions"][0]["status"], rejected["conditions"][0]["inspect_by"]) == ("pending", None)
    await stepped(world.buyer.post(f"{condition_path(order, 1)}/waive"))
    assert await world.seller.available() == 0
    await stepped(world.buyer.post(f"{condition_path(order, 2)}/confirm"))
    assert await world.seller.available() == 9_865_625

    await stepped(world.seller.post(f"/orders/{order['id']}/complete"))
    await stepped(world.buyer.post(f"/orders/{order['id']}/approve"))

    assert await world.seller.available() == SELLER_GETS
    assert await world.violations() == {}


async def test_called_off_after_a_milestone_gives_the_rest_back(world: World) -> None:
    order = await funded(world, part("Plans", THIRD), part("Walls", THIRD))
    await stepped(world.buyer.post(f"{condition_path(order, 1)}/confirm"))

    ended = await stepped(world.seller.post(f"/orders/{order['id']}/cancel", {"reason": "ill"}))

    assert ended["status"] == "closed"
    assert await shared_out(world) == {
        "buyer": DUE - 5_067_188,
        "seller": 4_932_813,
        "order_escrow": 0,
        "fee_revenue": 125_000,
        "vat_payable": 9_375,
    }
    assert await world.violations() == {}


@pytest.mark.parametrize(("channels", "released"), [(("sms", "mail"), 4_932_813), (("sms",), 0)])
async def test_silence_counts_only_after_reminders(world: World, channels: tuple[str, ...], released: int) -> None:
    order = await funded(world, part("Plans", THIRD), part("Walls"))
    await hand_in(world, order, 1)
    await remind(world, order, *channels)
    await make_due(world, order)

    for _ in range(2):
        await world.application.fire_timer(order_uuid(order), "condition.1")

    assert await world.seller.available() == released
    read = await stepped(world.buyer.get(f"/orders/{order['id']}"))
    assert read["conditions"][0]["status"] == ("fulfilled" if released else "submitted")
    await world.work()
    assert await world.violations() == {}


async def test_reminders_from_before_it_was_handed_in_prove_nothing(world: World) -> None:
    order = await funded(world, part("Plans", THIRD), part("Walls"))
    await remind(world, order, "sms", "mail")
    await hand_in(world, order, 1)
    await make_due(world, order)

    await world.application.fire_timer(order_uuid(order), "condition.1")

    assert await world.seller.available() == 0


async def test_a_date_comes_by_itself(world: World) -> None:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    date = part("Moved in", THIRD, kind="date", confirmed_by="system", not_before=tomorrow.isoformat())
    order = await funded(world, date, part("Keys"))
    await world.application.fire_timer(order_uuid(order), "condition.1")
    assert await world.seller.available() == 0
    await world.database.execute(
        "UPDATE conditions SET not_before = now() - interval '1 second' WHERE order_id = $1 AND kind = 'date'",
        order_uuid(order),
    )

    for _ in range(2):
        await world.application.fire_timer(order_uuid(order), "condition.1")

    assert await world.seller.available() == 4_932_813
    await world.work()
    assert await world.violations() == {}


async def test_a_third_party_is_judged_at_the_desk(world: World) -> None:
    said = part("Surveyor's report", THIRD, kind="third_party", confirmed_by="admin", evidence_required=True)
    order = await funded(world, said, part("Keys"))
    admin = await at_desk(world, Role.DISPUTE)
    path = f"/admin{condition_path(order, 1)}"
    early = await admin.post(f"{path}/confirm", {"reason": "none there yet"})
    assert (early.status_code, early.json()["code"]) == (409, "condition_not_open")
    await hand_in(world, order, 1)
    assert (await world.buyer.post(f"{condition_path(order, 1)}/confirm")).json()["code"] == "order_wrong_party"

    back = await admin.post(f"{path}/reject", {"reason": "unsigned"})
    assert (back.status_code, back.json()["rejection_reason"]) == (200, "unsigned")
    await hand_in(world, order, 1)
    key = "judged"
    judged = [await admin.post(f"{path}/confirm", {"reason": "signed and sealed"}, key=key) for _ in range(2)]

    assert [reply.status_code for reply in judged] == [200, 200]
    assert judged[0].json()["status"] == "fulfilled"
    assert await world.seller.available() == 4_932_813
    audits = await world.database.rows(
        "SELECT action, reason FROM audit_log WHERE action LIKE 'condition.%' ORDER BY id"
    )
    assert [tuple(row) for row in audits] == [
        ("condition.reject", "unsigned"),
        ("condition.confirm", "signed and sealed"),
    ]
    await world.work()
    assert await world.violations() == {}


async def test_only_who_decides_disputes_judges(world: World) -> None:
    order = await funded(world, part("Keys"))
    admin = await at_desk(world, Role.FINANCE)

    refused = await admin.post(f"/admin{condition_path(order, 1)}/confirm", {"reason": "I say so"})

    assert (refused.status_code, refused.json()["code"]) == (403, "permission_denied")
    judge = await at_desk(world, Role.DISPUTE, email="judge@kro.example")
    wrong = await judge.post(f"/admin{condition_path(order, 1)}/confirm", {"reason": "I say so"})
    assert (wrong.status_code, wrong.json()["code"]) == (409, "order_wrong_party")


@pytest.mark.parametrize(
    ("condition", "pointer"),
    [
        (part("Plans", 15_000_001), "/conditions/0/amount"),
        (part("Plans", kind="delivery_code"), "/conditions/0/confirmed_by"),
        (part("Plans", kind="date", confirmed_by="system"), "/conditions/0/not_before"),
        (
            part("Plans", kind="date", confirmed_by="system", not_before="9999-12-31T23:59:59-14:00"),
            "/conditions/0/not_before",
        ),
        (part("Plans", kind="date", confirmed_by="system", not_before="2026-01-01"), "/conditions/0/not_before"),
    ],
)
async def test_what_makes_no_sense_is_refused_with_its_place(
    world: World, condition: dict[str, object], pointer: str
) -> None:
    refused = await proposed(world, condition)

    assert refused.status_code == 422
    assert [error["pointer"] for error in refused.json()["errors"]] == [pointer]
