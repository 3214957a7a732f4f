"""One of everything, in the states in which somebody may do something with it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

from tests.integration.accounts.ways import MAILBOX, code_in, prove_mail, token_in
from tests.integration.api.exception_steps import hear, paid_order, proposed
from tests.integration.api.test_reconciliation import a_break
from tests.integration.api.test_sanctions import LISTED, imported

from admin_desk import Admin, at_desk
from dispute_steps import GROUNDS, REPORT, ngn, to_decide
from kro.core.auth.permissions import ROLES, Role
from kro.core.ids import read_id, show_id
from kro.core.money import Money
from kro.payment.providers.fake import Fault
from kro_api import BUYER_PHONE, PASSWORD, World
from made_requests import PNG
from milestone_steps import asked_for_code, delivery_code, part
from milestone_steps import funded as funded_with
from order_steps import accepted, completed, created, funded, put_money, quoted, stepped
from step_up_steps import add_bank_account, proof

ADMIN_ROLES: Final = tuple(role.code for role in ROLES if role.audience == "admin")
FUNDS: Final = 50_000_000
NEW_PHONE: Final = "+2348051234567"


@dataclass(frozen=True, repr=False)
class Scene:
    """``objects`` are the ids of each part by the names of path parameters; what a part has not is in ``""``."""

    world: World
    admins: Mapping[Role, Admin]
    objects: Mapping[str, Mapping[str, str]]

    def ids(self, part: str) -> dict[str, str]:
        return {**self.objects[""], **self.objects.get(part, {})}


async def set_scene(world: World) -> Scene:
    """Bring one of everything into being, between the buyer and the seller and before admins of every role."""
    admins = {role: await at_desk(world, role, email=f"{role}@kro.example") for role in ADMIN_ROLES}
    await world.database.execute("UPDATE users SET kyc_tier = 2")
    objects: dict[str, dict[str, str]] = {
        **await _agreements(world),
        **await _doors(world),
        **await _work(world),
        **await _quarrels(world, admins),
        **await _money(world, admins),
        **await _desks(world, admins),
    }
    objects[""] |= {"quote_id": await quoted(world), **await _people(world, admins)}
    return Scene(world, admins, objects)


_ASKED_RESET: Final = """
INSERT INTO admin_enrolments (id, purpose, subject_id, email, name, role_code, asked_by, reason, expires_at)
SELECT gen_random_uuid(), 'reset', a.id, a.email, a.name, a.role_code, $1, 'asked for', now() + interval '72 hours'
FROM admins AS a WHERE a.email = 'support@kro.example' RETURNING id"""


async def _people(world: World, admins: Mapping[Role, Admin]) -> dict[str, str]:
    other = await world.login("+2348031110001")
    sessions = (await world.buyer.get("/auth/sessions")).json()["data"]
    assert other.token != world.buyer.token
    assert len(sessions) == 2
    told = (await world.buyer.get("/me/notifications")).json()["data"]
    known = {"kind": "bvn", "number": "22871936450", "date_of_birth": "1990-01-31", "consent_version": "2026-11"}
    check = await world.seller.post("/me/kyc", known)
    await world.work()
    approver = await world.database.value("SELECT id FROM admins WHERE email = $1", "approver@kro.example")
    asked = await world.database.value(_ASKED_RESET, approver)
    return {
        "enrolment_id": show_id("enr", asked),
        "session_id": sessions[0]["id"],
        "user_id": (await world.seller.get("/me")).json()["id"],
        "admin_id": show_id("adm", approver),
        "provider": "paystack",
        "direction": "payouts",
        "name": "gmv",
        "code": "goods_by_waybill",
        "version": "1",
        "key": "nothing",
        "token": "A" * 43,
        "notification_id": told[0]["id"],
        "check_id": check.json()["id"],
    }


async def _doors(world: World) -> dict[str, dict[str, str]]:
    """Links as they come by mail, and a change of phone under way."""
    await prove_mail(world, BUYER_PHONE)
    for path in ("/auth/magic-links", "/auth/password/forgot"):
        reply = await world.http.post(f"/v1{path}", json={"email": MAILBOX})
        assert reply.status_code == 202, reply.text
    export = (await world.buyer.post("/me/data-exports", {"password": PASSWORD})).json()
    change = (await world.buyer.post("/me/contact-changes", {"phone": NEW_PHONE, "password": PASSWORD})).json()
    await world.work()
    mails = {mail.category: mail.text for mail in world.email.sent}
    codes = [message.text for message in world.sms.sent if message.to_e164 == NEW_PHONE]
    stopping = next(m.text for m in world.sms.sent if m.to_e164 == BUYER_PHONE and "/contact-changes/" in m.text)
    return {
        "login_link": {"token": token_in(mails["login_link"])},
        "reset_link": {"token": token_in(mails["password_reset_link"])},
        "change": {
            "token": token_in(stopping),
            "change_id": change["id"],
            "export_id": export["id"],
            "challenge_id": change["new_challenge_id"],
            "contact_code": code_in(codes[-1]),
        },
    }


async def _agreements(world: World) -> dict[str, dict[str, str]]:
    offer, agreed = await created(world), await accepted(world)
    reply = await world.buyer.post(
        "/orders",
        {
            "quote_id": await quoted(world), "role": "buyer", "counterparty_phone": "+2348031119999",
            "order_type": "goods", "title": "Laptop", "description": "Refurbished", "delivery_hours": 72,
            "conditions": [part("Charger included")],
        },
    )  # fmt: skip
    assert reply.status_code == 201, reply.text
    await world.work()
    texts = [message.text for message in world.sms.sent if message.to_e164 == "+2348031119999"]
    found = next(found for text in texts if (found := re.search(r"/v1/public/invites/([\w-]{43}) ", text)))
    return {
        "created": {"order_id": offer["id"], "terms_hash": offer["terms"]["hash"]},
        "accepted": {"order_id": agreed["id"]},
        "invited": {"order_id": reply.json()["id"], "token": found[1]},
    }


async def _work(world: World) -> dict[str, dict[str, str]]:
    order = await funded(world)
    path = f"/orders/{order['id']}"
    evidence = await world.seller.upload(f"{path}/evidence", PNG, content_type="image/png", file_name="a.png")
    announced = {"file_name": "a.png", "content_type": "image/png", "size_bytes": len(PNG)}
    upload = await world.seller.post(f"{path}/evidence/uploads", announced)
    await world.application.files.receive(upload.json()["upload"]["url"], {"Content-Type": "image/png"}, PNG)  # type: ignore[attr-defined] # the store in memory
    amendment = (await world.buyer.post(f"{path}/amendments", {"delivery_hours": 100})).json()
    ids = {
        "order_id": order["id"],
        "condition_id": order["conditions"][0]["id"],
        "evidence_id": evidence.json()["id"],
        "upload_id": upload.json()["id"],
        "message_id": (await world.buyer.post(f"{path}/messages", {"text": "hi"})).json()["id"],
    }
    done = await completed(world)
    document = next(condition for condition in done["conditions"] if condition["evidence_required"])
    finished = await completed(world)
    await stepped(world.buyer.post(f"/orders/{finished['id']}/approve"))
    shown = await world.buyer.get(f"/orders/{finished['id']}/verification")
    return {
        "": ids,
        "amended": {"order_id": order["id"], "amendment_id": amendment["id"], "hash": amendment["hash"]},
        "completed": {"order_id": done["id"], "condition_id": document["id"]},
        "closed": {"order_id": finished["id"], "code": shown.json()["code"]},
        "handover": await _handover(world),
    }


async def _handover(world: World) -> dict[str, str]:
    order = await funded_with(world, delivery_code(), part("As described", kind="inspection"))
    code = await asked_for_code(world, order)
    link = await world.seller.post(f"/orders/{order['id']}/rider-link")
    return {"order_id": order["id"], "handover_code": code, "token": link.json()["url"].partition("#rider=")[2]}


async def _quarrels(world: World, admins: Mapping[Role, Admin]) -> dict[str, dict[str, str]]:
    async def contested() -> dict[str, Any]:
        order = await completed(world)
        return await stepped(world.buyer.post(f"/orders/{order['id']}/issues", REPORT))

    async def escalated() -> dict[str, Any]:
        order = await contested()
        return await stepped(world.buyer.post(f"/orders/{order['id']}/issues/{order['issue']['id']}/escalate"))

    reported, disputed, reviewed, ruled = await contested(), await escalated(), await escalated(), await escalated()
    offered = await stepped(world.seller.post(f"/orders/{reported['id']}/offers", {"seller_amount": ngn(1_000)}))
    officer = admins[Role.DISPUTE]
    await stepped(officer.post(f"/admin/disputes/{disputed['issue']['id']}/assign"))
    for order in (reviewed, ruled):
        await to_decide(world, officer, order)
    await world.database.execute(
        "UPDATE issues SET evidence_by = now() + interval '9 hours' WHERE order_id = $1", read_id("ord", disputed["id"])
    )
    await stepped(
        officer.post(
            f"/admin/disputes/{ruled['issue']['id']}/decisions", {"awarded": ngn(1_000_000), "grounds": GROUNDS}
        )
    )
    evidence = await world.buyer.upload(
        f"/orders/{disputed['id']}/evidence", PNG, content_type="image/png", file_name="a.png"
    )
    parts = {"reported": reported, "disputed": disputed, "reviewed": reviewed, "ruled": ruled}
    found = {name: {"order_id": order["id"], "issue_id": order["issue"]["id"]} for name, order in parts.items()}
    found["reported"]["offer_id"] = offered["offers"][0]["id"]
    found["disputed"]["evidence_id"] = evidence.json().get("id", "")
    return found


async def _money(world: World, admins: Mapping[Role, Admin]) -> dict[str, dict[str, str]]:
    await put_money(world, FUNDS)
    account = await add_bank_account(world, world.buyer)
    await world.database.execute("UPDATE bank_accounts SET usable_from = now() - interval '1 day'")
    body = {"bank_account_id": account["id"], "amount": ngn(2_000_000)}
    waiting, stuck = [(await world.buyer.post("/payouts", body)).json() for _ in range(2)]
    refunded = await _refund(world)
    order, reference = await paid_order(world)
    dispute = world.paystack.contest(reference)
    await hear(world, dispute)
    finance = admins[Role.FINANCE]
    payments = (await world.buyer.get("/payments")).json()["data"]
    contested = (await admins[Role.SUPER].get("/admin/chargebacks")).json()["data"][0]["id"]
    shown = (await finance.get(f"/admin/payouts/{waiting['id']}")).json()
    told = await proof(world, world.buyer, {"action": "add_bank_account", "target": "058:2000000006", "amount": None})
    owned = {
        "bank_account_id": account["id"],
        "payout_id": waiting["id"],
        "proof_id": told["challenge_id"],
        "proof_code": told["code"],
    }
    return {
        "payout": {**owned, "approval_hash": shown["approval_hash"]},
        "stuck": {**owned, **await _stuck(world, admins, stuck["id"])},
        "refund": refunded,
        "payment": {"payment_id": payments[0]["id"]},
        "paid": {"order_id": order["id"], "chargeback_id": contested},
    }


async def _refund(world: World) -> dict[str, str]:
    """A refund of money that was put on the balance."""
    reply = await world.buyer.post("/balance/top-ups", {"amount": ngn(900_000)})
    await world.work()
    payment = (await world.buyer.get(f"/payments/{reply.json()['id']}")).json()
    world.paystack.pay(payment["reference"])
    await world.application.collecting.collections.apply_provider_result(reference=payment["reference"])
    asked = await world.buyer.post("/refunds", {"payment_id": payment["id"], "amount": ngn(250_000)})
    assert asked.status_code == 202, asked.text
    return {"payment_id": payment["id"], "refund_id": asked.json()["id"]}


async def _stuck(world: World, admins: Mapping[Role, Admin], payout_id: str) -> dict[str, str]:
    """A payout nobody knows the end of, with a word of one person about it."""
    approver = admins[Role.APPROVER]
    shown = (await approver.get(f"/admin/payouts/{payout_id}")).json()
    word = {"totp": approver.code(), "approval_hash": shown["approval_hash"]}
    await stepped(approver.post(f"/admin/payouts/{payout_id}/approve", word))
    world.paystack.fail_next("send", Fault.ANSWER_LOST)
    await world.work()
    await world.database.execute(
        "UPDATE payout_attempts SET created_at = created_at - interval '30 hours' WHERE payout_id = $1",
        read_id("pyt", payout_id),
    )
    await world.database.execute(
        "INSERT INTO payout_alarms (id, payout_id, kind, raised_at, version) "
        "VALUES ($1, $2, 'open_for_a_day', now(), 1)",
        world.application.base.ids.new(),
        read_id("pyt", payout_id),
    )
    finance = admins[Role.FINANCE]
    word = {"outcome": "failed", "note": "Not on the statement.", "totp": finance.code()}
    reply = await finance.post(f"/admin/payouts/{payout_id}/resolutions", word)
    assert reply.status_code == 201, reply.text
    [waiting] = (await finance.get("/admin/payouts/stuck")).json()["data"]

    return {
        "payout_id": payout_id,
        "resolution_id": waiting["resolution"]["id"],
        "resolution_hash": waiting["resolution_hash"],
    }


async def _desks(world: World, admins: Mapping[Role, Admin]) -> dict[str, dict[str, str]]:
    finance, compliance = admins[Role.FINANCE], admins[Role.COMPLIANCE]
    order = await funded(world)
    user_id = (await world.buyer.get("/me")).json()["id"]
    hold = await compliance.post(f"/admin/orders/{order['id']}/holds", {"reason": "fraud", "note": "Three accounts."})
    good = await proposed(finance, "goodwill", {"user_id": user_id, "amount": ngn(1_000), "reason": "delay"})
    reference = str(uuid4())
    await world.paystack.provider.checkout.start(
        reference=reference, amount=Money(250_000, "NGN"), payer_email="a@b.example", callback_url="https://kro.example"
    )
    world.paystack.pay(reference)
    await world.application.exceptions.suspense.take_in("paystack", reference)
    found = await a_break(world, finance)
    runs = (await finance.get("/admin/reconciliation/runs")).json()["data"]
    await world.database.execute("UPDATE outbox SET state = 'dead' WHERE id = (SELECT min(id::text)::uuid FROM outbox)")
    operator = admins[Role.SUPER]
    return {
        "hold": {"order_id": order["id"], "hold_id": hold.json()["id"]},
        "notice": {"name": "order_created"},
        "proposal": {"proposal_id": good["id"], "proposal_hash": good["proposal_hash"]},
        "suspense": {"item_id": (await finance.get("/admin/suspense")).json()["data"][0]["id"]},
        "break": {"break_id": found["id"], "run_id": runs[0]["id"]},
        "sanctions": await _sanctions(world, compliance),
        "outbox": {"message_id": (await operator.get("/admin/outbox", state="dead")).json()["data"][0]["id"]},
        "webhook": {"webhook_id": (await operator.get("/admin/webhooks")).json()["data"][0]["id"]},
    }


async def _sanctions(world: World, compliance: Admin) -> dict[str, str]:
    """Somebody who has the name of somebody on a list, and is frozen for it."""
    await world.application.seeding.user(
        phone="+2348031110009", password=uuid4().hex, first_name="Listed", last_name="Person"
    )
    await imported(world, compliance, LISTED.splitlines()[0] + b"\nN1,Listed Person,\n")
    [match] = (await compliance.get("/admin/sanctions/matches")).json()["data"]
    return {"match_id": match["id"], "freeze_id": match["freeze_id"] or ""}
