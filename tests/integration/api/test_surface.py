"""Who may call what: every operation of the API, found in its own documentation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import uuid4

import httpx2
import pyotp
import pytest

from documented import Documentation
from kro_api import PASSWORD, TOTP_SECRET, Person, World
from order_steps import DUE, PNG, accepted, completed, funded, put_money, stepped
from step_up_steps import add_bank_account

Operations = Mapping[tuple[str, str], dict[str, Any]]

PUBLIC: Final = {
    ("GET", "/health/live"),
    ("GET", "/health/ready"),
    ("POST", "/v1/auth/register"),
    ("POST", "/v1/auth/otp"),
    ("POST", "/v1/auth/otp/verify"),
    ("POST", "/v1/auth/login"),
    ("POST", "/v1/auth/refresh"),
    ("POST", "/v1/auth/magic-links"),
    ("POST", "/v1/auth/password/forgot"),
    ("POST", "/v1/auth/password/reset"),
    ("GET", "/v1/public/magic-links/{token}"),
    ("POST", "/v1/public/magic-links/{token}"),
    ("GET", "/v1/public/password-resets/{token}"),
    ("POST", "/v1/public/password-resets/{token}"),
    ("GET", "/v1/public/contact-changes/{token}"),
    ("POST", "/v1/public/contact-changes/{token}"),
    ("POST", "/v1/admin/auth/login"),
    ("POST", "/v1/admin/auth/refresh"),
    # The token of a mail opens these, and is what is limited.
    ("POST", "/v1/admin/auth/enrolment/start"),
    ("POST", "/v1/admin/auth/enrolment/confirm"),
    ("POST", "/v1/webhooks/{provider}"),
    # Signed by the vendors, as the ones above.
    ("POST", "/v1/webhooks/sendgrid"),
    ("POST", "/v1/webhooks/twilio"),
    ("POST", "/v1/webhooks/telnyx"),
    ("POST", "/v1/webhooks/termii"),
    ("POST", "/v1/webhooks/whatsapp"),
    ("GET", "/v1/webhooks/whatsapp"),
    # Signed links: each is for one file, one method and a short while.
    ("PUT", "/v1/files/{key}"),
    ("GET", "/v1/files/{key}"),
    ("GET", "/v1/public/keys"),
    ("GET", "/v1/public/orders/{code}"),
    ("GET", "/v1/public/orders/{code}/page"),
    ("GET", "/v1/public/orders/{code}/qr.svg"),
    ("POST", "/v1/public/handover/{token}"),
    ("GET", "/v1/public/invites/{token}"),
    ("POST", "/v1/public/invites/{token}/claim"),
}
"""All a stranger may call; whoever adds to it has thought of what a stranger can repeat."""

REASON: Final = {"reason": "changed my mind"}
TERMS: Final = {"title": "Laptop", "description": "Refurbished", "delivery_hours": 72}
BODIES: Final[Mapping[str, dict[str, Any]]] = {
    "/v1/orders/{order_id}/accept": {"terms_hash": "0" * 64},
    "/v1/orders/{order_id}/decline": REASON,
    "/v1/orders/{order_id}/terms": TERMS,
    "/v1/orders/{order_id}/counter-offers": TERMS,
    "/v1/orders/{order_id}/amendments/{amendment_id}/accept": {"hash": "0" * 64},
    "/v1/orders/{order_id}/cancel": REASON,
    "/v1/orders/{order_id}/fund": {"method": "balance"},
    "/v1/orders/{order_id}/request-changes": REASON,
    "/v1/orders/{order_id}/partial-releases": {"amount": {"amount": 100_000, "currency": "NGN"}},
    "/v1/orders/{order_id}/extend-inspection": {"hours": 24},
    "/v1/orders/{order_id}/evidence/uploads": {"file_name": "a.png", "content_type": "image/png", "size_bytes": 72},
    "/v1/orders/{order_id}/conditions/{condition_id}/submit": {"note": "done"},
    "/v1/orders/{order_id}/conditions/{condition_id}/reject": REASON,
    "/v1/orders/{order_id}/rating": {"stars": 5},
    "/v1/orders/{order_id}/messages": {"text": "hello"},
    "/v1/orders/{order_id}/messages/{message_id}/report": {"category": "spam"},
    "/v1/orders/{order_id}/issues": {"category": "other", "statement": "It was like that."},
    "/v1/orders/{order_id}/issues/{issue_id}/answer": {"text": "It was not."},
    "/v1/orders/{order_id}/issues/{issue_id}/appeal": {"text": "It was not."},
    "/v1/orders/{order_id}/issues/{issue_id}/statements": {"text": "It was not.", "evidence_ids": []},
    "/v1/orders/{order_id}/offers": {"seller_amount": {"amount": 0, "currency": "NGN"}},
    "/v1/test/clock": {"order_id": "ord_01kajz7k3nf9b8r2m4q6s8t0vw", "hours": 1},
    "/v1/admin/orders/{order_id}/conditions/{condition_id}/confirm": REASON,
    "/v1/admin/orders/{order_id}/conditions/{condition_id}/reject": REASON,
    "/v1/orders/{order_id}/handover-code/enter": {"code": "000000"},
    "/v1/public/handover/{token}": {"code": "000000"},
    "/v1/admin/condition-templates/{code}/{version}/activate": REASON,
    "/v1/admin/condition-templates/{code}/{version}/deactivate": REASON,
    "/v1/admin/condition-templates": {
        "code": "goods_by_post",
        "order_type": "goods",
        "title": "Goods sent by post",
        "conditions": [{"kind": "confirm", "title": "Arrived", "confirmed_by": "buyer"}],
        "reason": "asked for",
    },
    "/v1/fees/quote": {"amount": {"amount": 500_000, "currency": "NGN"}, "order_type": "goods", "buyer_share_bps": 0},
    "/v1/admin/providers/{provider}/{direction}": {"state": "draining", "reason": "an incident"},
    "/v1/balance/top-ups": {"amount": {"amount": 500_000, "currency": "NGN"}},
    "/v1/me/contact-changes": {"phone": "+2348051234567", "password": "correct horse battery"},
    "/v1/me/contact-changes/{change_id}/confirm": {"side": "new", "challenge_id": f"otp_{'0' * 26}", "code": "000000"},
    "/v1/me/data-exports": {"password": "correct horse battery"},
    "/v1/me/close": {"password": "correct horse battery"},
    "/v1/auth/password/change": {"current_password": "correct horse battery", "password": "another-kettle-42"},
    "/v1/me/kyc": {
        "kind": "bvn",
        "number": "22222222222",
        "date_of_birth": "1990-01-31",
        "consent_version": "2026-11",
    },
    "/v1/me/bank-accounts": {"bank_code": "058", "account_number": "0123456789"},
    "/v1/auth/step-up": {"action": "change_password"},
    "/v1/me/bank-accounts/resolve": {"bank_code": "058", "account_number": "0123456789"},
}
PREFIXES: Final = {
    "order": "ord",
    "admin": "adm",
    "enrolment": "enr",
    "condition": "cnd",
    "evidence": "evd",
    "upload": "upl",
    "amendment": "amd",
    "payment": "pay",
    "payout": "pyt",
    "refund": "rfd",
    "resolution": "res",
    "quote": "quo",
    "session": "ses",
    "bank_account": "bnk",
    "webhook": "whk",
    "message": "msg",
    "proposal": "prp",
    "chargeback": "cbk",
    "item": "sus",
    "run": "run",
    "break": "brk",
    "user": "usr",
    "issue": "iss",
    "offer": "ofr",
    "hold": "hld",
    "notification": "ntf",
    "change": "chg",
    "check": "idc",
    "match": "smt",
    "freeze": "frz",
    "export": "exp",
}


@pytest.fixture
def operations(world: World) -> Operations:
    return Documentation(world.api.openapi()).operations


def guarded_by(operations: Operations, scheme: str | None) -> set[tuple[str, str]]:
    wanted: list[dict[str, list[str]]] | None = None if scheme is None else [{scheme: []}]
    return {key for key, operation in operations.items() if operation.get("security") == wanted}


async def call(
    world: World, operation: tuple[str, str], token: str | None, ids: Mapping[str, str] | None = None
) -> httpx2.Response:
    """Call an operation as well-formed as it can be, so that nothing but the caller is wrong with it."""
    method, template = operation
    named = (
        {"name": "gmv", "provider": "paystack", "direction": "payouts", "token": "x", "code": "none", "version": "1"}
        | {f"{name}_id": f"{prefix}_{'0' * 26}" for name, prefix in PREFIXES.items()}
        | dict(ids or {})
    )
    request: dict[str, Any] = {"headers": {"Idempotency-Key": uuid4().hex}}
    if token is not None:
        request["headers"]["Authorization"] = f"Bearer {token}"
    if template.endswith("/evidence"):
        request["headers"]["Content-Type"] = "image/png"
        request |= {"content": PNG, "params": {"file_name": "a.png"}}
    elif method in {"POST", "PUT", "PATCH"}:
        request["json"] = BODIES.get(template, {})
        if template == "/v1/payouts":
            request["json"] = {
                "bank_account_id": named["bank_account_id"],
                "amount": {"amount": 10_000, "currency": "NGN"},
            }
        if template == "/v1/refunds":
            request["json"] = {"payment_id": named["payment_id"]}
        if template == "/v1/orders":
            request["json"] = {
                "quote_id": named["quote_id"],
                "role": "buyer",
                "counterparty_phone": "+2348031110002",
                "order_type": "goods",
                "title": "Laptop",
                "description": "Refurbished",
                "delivery_hours": 72,
            }
    elif template == "/v1/users/lookup":
        request["params"] = {"phone": "+2348031110002"}
    elif template == "/v1/balance/statements":
        request["params"] = {"from": "2026-01-01", "to": "2026-01-31", "currency": "NGN", "format": "json"}
    elif template == "/v1/admin/reports/{name}":
        request["params"] = {"from": "2026-01-01", "to": "2026-01-31"}
    return await world.http.request(method, template.format(**named), **request)


async def admin_token(world: World) -> str:
    body = {"email": "admin@kro.example", "password": PASSWORD, "totp": pyotp.TOTP(TOTP_SECRET).now()}
    reply = await world.http.post("/v1/admin/auth/login", json=body)
    assert reply.status_code == 200, reply.text
    return str(reply.json()["access_token"])


class TestGuards:
    def test_every_operation_has_exactly_one(self, operations: Operations) -> None:
        assert guarded_by(operations, None) == PUBLIC
        users, admins = guarded_by(operations, "user"), guarded_by(operations, "admin")
        assert users | admins | PUBLIC == set(operations)
        assert {path.startswith("/v1/admin/") for _, path in admins} == {True}
        assert {path.startswith("/v1/admin/") for _, path in users} == {False}

    async def test_nothing_is_open_without_a_token(self, world: World, operations: Operations) -> None:
        for operation in set(operations) - PUBLIC:
            for token in (None, "", "not.a.token", world.buyer.token[:-2]):
                reply = await call(world, operation, token)
                answer = (reply.status_code, reply.json()["code"], reply.headers["WWW-Authenticate"])
                assert answer == (401, "invalid_token", "Bearer"), operation

    async def test_the_two_worlds_do_not_know_each_other(self, world: World, operations: Operations) -> None:
        admin = await admin_token(world)
        for scheme, token in (("admin", world.buyer.token), ("user", admin)):
            for operation in guarded_by(operations, scheme):
                reply = await call(world, operation, token)
                assert (reply.status_code, reply.json()["code"]) == (401, "invalid_token"), operation

    async def test_an_ended_session_ends_everything_at_once(self, world: World, operations: Operations) -> None:
        await world.database.execute("UPDATE sessions SET revoked_at = now()")
        for operation in guarded_by(operations, "user") - {("POST", "/v1/auth/logout")}:
            reply = await call(world, operation, world.buyer.token)
            assert (reply.status_code, reply.json()["code"]) == (401, "session_ended"), operation

    async def test_a_suspended_account_does_nothing_more(self, world: World, operations: Operations) -> None:
        await world.database.execute("UPDATE users SET status = 'suspended'")
        # Ending sessions is the one thing that only makes an account safer.
        leave = {("POST", "/v1/auth/logout"), ("DELETE", "/v1/auth/sessions/{session_id}")}
        for operation in guarded_by(operations, "user") - leave:
            reply = await call(world, operation, world.buyer.token)
            assert (reply.status_code, reply.json()["code"]) == (403, "account_not_active"), operation


class TestObjects:
    async def test_of_others_do_not_exist(self, world: World, operations: Operations) -> None:
        ids = await everything(world)
        assert ids.keys() >= {name for path in users_paths(operations) for name in names_in(path)}
        before = await fingerprint(world)

        for operation in guarded_by(operations, "user"):
            if not names_in(operation[1]):
                continue
            theirs = await call(world, operation, world.stranger.token, ids)
            nobodys = await call(world, operation, world.stranger.token)
            assert theirs.status_code == nobodys.status_code == 404, operation
            assert theirs.json()["code"] == nobodys.json()["code"], operation
            assert theirs.json()["detail"] == nobodys.json()["detail"], operation
        assert await fingerprint(world) == before

    async def test_of_the_other_party_are_theirs_alone(self, world: World) -> None:
        ids = await everything(world)
        for template, owner in (
            ("/v1/payments/{payment_id}", world.buyer),
            ("/v1/refunds/{refund_id}", world.buyer),
            ("/v1/payouts/{payout_id}", world.buyer),
        ):
            other = world.seller
            assert (await call(world, ("GET", template), owner.token, ids)).status_code == 200, template
            assert (await call(world, ("GET", template), other.token, ids)).status_code == 404, template

    async def test_a_party_cannot_take_the_others_steps(self, world: World) -> None:
        waiting, started, done = await accepted(world), await funded(world), await completed(world)
        before = await fingerprint(world)
        for order, step, wrong in (
            (waiting, "fund", world.seller),
            (started, "complete", world.buyer),
            (done, "approve", world.seller),
        ):
            operation = ("POST", f"/v1/orders/{{order_id}}/{step}")
            reply = await call(world, operation, wrong.token, {"order_id": order["id"]})
            assert (reply.status_code, reply.json()["code"]) == (409, "order_wrong_party"), step
        assert await fingerprint(world) == before


async def everything(world: World) -> dict[str, str]:
    """Bring one of each object into being, all of them the buyer's or the two parties'."""
    order = await funded(world)
    uploaded = await world.seller.upload(
        f"/orders/{order['id']}/evidence", PNG, content_type="image/png", file_name="a.png"
    )
    upload = await world.seller.post(
        f"/orders/{order['id']}/evidence/uploads", BODIES["/v1/orders/{order_id}/evidence/uploads"]
    )
    amendment = await world.buyer.post(f"/orders/{order['id']}/amendments", {"delivery_hours": 100})
    to_pay = await accepted(world)
    payment = await world.buyer.post(f"/orders/{to_pay['id']}/fund", {"method": "checkout"})
    called_off = await accepted(world)
    await put_money(world, DUE)
    await stepped(world.buyer.post(f"/orders/{called_off['id']}/fund", {"method": "balance"}))
    await stepped(world.seller.post(f"/orders/{called_off['id']}/cancel", REASON))
    contested = await funded(world)
    path = f"/orders/{contested['id']}"
    contested = await stepped(world.buyer.post(f"{path}/issues", BODIES["/v1/orders/{order_id}/issues"]))
    contested = await stepped(world.seller.post(f"{path}/offers", BODIES["/v1/orders/{order_id}/offers"]))
    account = await add_bank_account(world, world.buyer)
    payout = await world.buyer.post(
        "/payouts", {"bank_account_id": account["id"], "amount": {"amount": 100_000, "currency": "NGN"}}
    )
    await world.work()
    export = await world.buyer.post("/me/data-exports", BODIES["/v1/me/data-exports"])
    change = await world.buyer.post("/me/contact-changes", BODIES["/v1/me/contact-changes"])
    return {
        "order_id": order["id"],
        "user_id": order["buyer"]["id"],
        "message_id": (await world.buyer.post(f"/orders/{order['id']}/messages", {"text": "hi"})).json()["id"],
        "condition_id": order["conditions"][0]["id"],
        "issue_id": contested["issue"]["id"],
        "offer_id": contested["offers"][0]["id"],
        "evidence_id": uploaded.json()["id"],
        "upload_id": upload.json()["id"],
        "amendment_id": amendment.json()["id"],
        "payment_id": payment.json()["id"],
        "refund_id": (await first(world.buyer, "/refunds"))["id"],
        "bank_account_id": account["id"],
        "payout_id": payout.json()["id"],
        "change_id": change.json()["id"],
        "export_id": export.json()["id"],
        "session_id": (await first(world.buyer, "/auth/sessions"))["id"],
        "notification_id": (await first(world.buyer, "/me/notifications"))["id"],
    }


async def first(person: Person, path: str) -> dict[str, Any]:
    found: dict[str, Any] = (await person.get(path)).json()["data"][0]
    return found


async def fingerprint(world: World) -> Any:
    """Everything a command of a user could have changed, but for the answers kept under its idempotency key."""
    return await world.database.value(
        """
        SELECT json_build_array(
            (SELECT json_agg(json_build_array(o.id, o.status, o.version) ORDER BY o.id) FROM orders AS o),
            (SELECT json_agg(json_build_array(t.id, t.status) ORDER BY t.id) FROM transactions AS t),
            (SELECT json_agg(json_build_array(u.id, u.version) ORDER BY u.id) FROM evidence_uploads AS u),
            (SELECT count(*) FROM ledger_entries), (SELECT count(*) FROM order_events),
            (SELECT count(*) FROM amendments WHERE status = 'open'),
            (SELECT count(*) FROM outbox), (SELECT count(*) FROM order_messages WHERE redacted_at IS NULL),
            (SELECT json_agg(json_build_array(i.id, i.version) ORDER BY i.id) FROM issues AS i),
            (SELECT json_agg(json_build_array(f.id, f.version) ORDER BY f.id) FROM offers AS f),
            (SELECT count(*) FROM statements), (SELECT json_agg(t ORDER BY t.order_id, t.kind) FROM timers AS t),
            (SELECT count(*) FROM message_reports), (SELECT count(*) FROM user_blocks),
            (SELECT count(*) FROM bank_accounts WHERE removed_at IS NULL),
            (SELECT count(*) FROM contact_changes WHERE status = 'open'),
            (SELECT count(*) FROM sessions WHERE revoked_at IS NULL))::text"""
    )


def users_paths(operations: Operations) -> set[str]:
    return {path for _, path in guarded_by(operations, "user")}


def names_in(path: str) -> set[str]:
    return {part[1:-1] for part in path.split("/") if part.startswith("{")}
