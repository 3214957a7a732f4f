"""What each operation is called with: existing objects in the right state, and a body in which nothing is wrong."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx2
from tests.access.scene import Scene

from admin_desk import Admin
from dispute_steps import WHY, ngn
from kro_api import BUYER_PHONE, PASSWORD, SELLER_PHONE
from made_requests import MadeRequests, sent

Operation = tuple[str, str]

PARTS: Final[tuple[tuple[str, str], ...]] = (
    (r"/orders/{order_id}/(accept|decline|terms|counter-offers)$", "created"),
    (r"/orders/{order_id}/fund$", "accepted"),
    (r"/orders/{order_id}/amendments/", "amended"),
    (r"/orders/{order_id}/(approve|request-changes|partial-releases|extend-inspection|issues)$", "completed"),
    (r"/orders/{order_id}/conditions/{condition_id}/(confirm|reject|waive)$", "completed"),
    (r"/orders/{order_id}/(rating|verification)$", "closed"),
    (r"/orders/{order_id}/(handover-code|rider-link)|/public/handover/", "handover"),
    (r"/orders/{order_id}/(offers|issues/{issue_id}/(answer|concede|withdraw|escalate))", "reported"),
    (r"/orders/{order_id}/issues/{issue_id}/statements", "disputed"),
    (r"/orders/{order_id}/issues/{issue_id}/(appeal|waive-appeal)", "ruled"),
    (r"/disputes/{issue_id}/decision", "reviewed"),
    (r"/disputes/", "disputed"),
    (r"/public/orders/", "closed"),
    (r"/public/invites/", "invited"),
    (r"/public/magic-links/", "login_link"),
    (r"/public/password-resets/|/auth/password/reset$", "reset_link"),
    (r"/contact-changes|/data-exports", "change"),
    (r"/payouts/{payout_id}/resolutions", "stuck"),
    (r"/payouts|/bank-accounts", "payout"),
    (r"/refunds", "refund"),
    (r"/payments/", "payment"),
    (r"/chargebacks", "paid"),
    (r"/suspense|/proposals/suspense", "suspense"),
    (r"/proposals/{proposal_id}", "proposal"),
    (r"/breaks|/runs", "break"),
    (r"/holds/{hold_id}", "hold"),
    (r"/notification-templates/", "notice"),
    (r"/sanctions/", "sanctions"),
    (r"/webhooks", "webhook"),
    (r"/outbox", "outbox"),
)
"""Which part of the scene a path is about; the first that fits counts, the order in progress is for all others."""

REASON: Final = {"reason": "asked for"}
TERMS: Final = {
    "title": "Laptop",
    "description": "Another one",
    "delivery_hours": 96,
    "conditions": [{"kind": "inspection", "title": "As described", "confirmed_by": "buyer"}],
}
CODE: Final = {"totp": "{totp}"}
BODIES: Final[Mapping[str, Any]] = {
    "POST /v1/auth/register": {
        "phone": "+2348031119997",
        "password": "copper-kettle-42",
        "first_name": "Demo",
        "last_name": "Buyer",
    },
    "POST /v1/auth/magic-links": {"phone": BUYER_PHONE},
    "POST /v1/auth/password/forgot": {"phone": BUYER_PHONE},
    "POST /v1/auth/password/change": {"current_password": PASSWORD, "password": "copper-kettle-42"},
    "POST /v1/auth/password/reset": {"token": "{token}", "password": "copper-kettle-42"},
    "POST /v1/auth/login": {"phone": BUYER_PHONE, "password": PASSWORD},
    "POST /v1/admin/auth/login": {"email": "support@kro.example", "password": PASSWORD, "totp": "{totp:support}"},
    "POST /v1/orders": {
        "quote_id": "{quote_id}",
        "role": "buyer",
        "counterparty_phone": SELLER_PHONE,
        "order_type": "goods",
        **TERMS,
    },
    "POST /v1/orders/{order_id}/accept": {"terms_hash": "{terms_hash}"},
    "POST /v1/orders/{order_id}/terms": TERMS,
    "POST /v1/orders/{order_id}/counter-offers": TERMS,
    "POST /v1/orders/{order_id}/amendments": {"inspection_hours": 96},
    "POST /v1/orders/{order_id}/amendments/{amendment_id}/accept": {"hash": "{hash}"},
    "POST /v1/orders/{order_id}/conditions/{condition_id}/submit": {"note": "done", "evidence_ids": ["{evidence_id}"]},
    "POST /v1/orders/{order_id}/handover-code/enter": {"code": "{handover_code}"},
    "POST /v1/public/handover/{token}": {"code": "{handover_code}"},
    "POST /v1/orders/{order_id}/issues/{issue_id}/statements": {"text": "It was not.", "evidence_ids": []},
    "POST /v1/me/bank-accounts": {
        "bank_code": "058",
        "account_number": "2000000006",
        "step_up": {"challenge_id": "{proof_id}", "code": "{proof_code}"},
    },
    "POST /v1/me/kyc": {
        "kind": "nin",
        "number": "22871936450",
        "date_of_birth": "1990-01-31",
        "consent_version": "2026-11",
    },
    "POST /v1/payouts": {"bank_account_id": "{bank_account_id}", "amount": ngn(100_000)},
    "POST /v1/refunds": {"payment_id": "{payment_id}", "amount": ngn(1_000)},
    "PATCH /v1/me": {"first_name": "Ada"},
    "POST /v1/public/password-resets/{token}": b"password=another-kettle-42",
    "POST /v1/me/data-exports": {"password": PASSWORD},
    "POST /v1/me/close": {"password": PASSWORD},
    "POST /v1/me/contact-changes": {"email": "another@example.com", "password": PASSWORD},
    "POST /v1/me/contact-changes/{change_id}/confirm": {
        "side": "new",
        "challenge_id": "{challenge_id}",
        "code": "{contact_code}",
    },
    "POST /v1/test/clock": {"order_id": "{order_id}", "hours": 1},
    "POST /v1/admin/admins/enrolments": {
        **CODE,
        **REASON,
        "email": "new@kro.example",
        "name": "New",
        "role": "support",
    },
    "POST /v1/admin/admins/enrolments/{enrolment_id}/agree": CODE,
    "POST /v1/admin/admins/{admin_id}/suspend": {**CODE, **REASON},
    "POST /v1/admin/admins/{admin_id}/role": {**CODE, **REASON, "role": "support"},
    "POST /v1/admin/admins/{admin_id}/two-factor-reset": {**CODE, **REASON},
    "POST /v1/admin/payouts/{payout_id}/approve": {**CODE, "approval_hash": "{approval_hash}"},
    "POST /v1/admin/payouts/rejections": {"payout_ids": ["{payout_id}"], "reason": "asked for"},
    "POST /v1/admin/payouts/{payout_id}/resolutions": {"outcome": "failed", "note": "Not there.", **CODE},
    "POST /v1/admin/payouts/{payout_id}/resolutions/{resolution_id}/confirm": {
        **CODE,
        "resolution_hash": "{resolution_hash}",
    },
    "POST /v1/admin/proposals/{proposal_id}/approve": {**CODE, "proposal_hash": "{proposal_hash}"},
    "POST /v1/admin/proposals/suspense-returns": {
        **WHY,
        "item_id": "{item_id}",
        "return_reference": "RF_1",
        "reason": "nobody_claims_it",
    },
    "POST /v1/admin/proposals/opening-transfers": {
        **WHY,
        "amount": ngn(100),
        "side": "provider",
        "account": "paystack",
        "statement_reference": "S-1",
        "reason": "money_arrived",
    },
    "POST /v1/admin/disputes/{issue_id}/decisions": {"awarded": ngn(100), "grounds": "The photos show it."},
    "POST /v1/admin/disputes/{issue_id}/decision-proposals": {"awarded": ngn(100), "grounds": "The photos show it."},
    "POST /v1/admin/condition-templates": {
        "code": "goods_by_post",
        "order_type": "goods",
        "title": "Goods sent by post",
        "conditions": [{"kind": "confirm", "title": "Arrived", "confirmed_by": "buyer"}],
        "reason": "asked for",
    },
    "POST /v1/admin/fees/preview": {"currency": "NGN", "bands": [{"percent_bps": 250}]},
    "POST /v1/admin/fees/changes": {
        "currency": "NGN",
        "bands": [{"percent_bps": 250}],
        "preview_hash": "0" * 64,
        "reason": "asked for",
    },
    "POST /v1/admin/fees/taxes": {"kind": "vat", "currency": "NGN", "rate_bps": 800, "reason": "asked for"},
    "POST /v1/admin/disputes/{issue_id}/assign": {"admin_id": None},
    "PUT /v1/admin/channels/switches": {"scope": "channel", "subject": "sms", "state": "off", "reason": "asked for"},
    "POST /v1/auth/otp": {"phone": "+2348031119998", "purpose": "register"},
    "POST /v1/admin/sanctions/lists": b"ref,name,born\nN9,Nobody At All,\n",
    "POST /v1/admin/reconciliation/imports": b"kind,reference,amount,currency,occurred_at\r\n",
}
"""Where the smallest body a schema accepts would not do; names in braces are objects of the scene."""

QUERIES: Final[Mapping[str, Mapping[str, Any]]] = {
    "GET /v1/users/lookup": {"phone": SELLER_PHONE},
    "GET /v1/balance/statements": {"from": "2026-01-01", "to": "2026-01-31", "currency": "NGN", "format": "json"},
    "GET /v1/admin/reports/{name}": {"from": "2026-01-01", "to": "2026-01-31"},
    "POST /v1/orders/{order_id}/evidence": {"file_name": "a.png"},
    "GET /v1/admin/notification-templates/{name}/preview": {"channel": "mail", "language": "en"},
    "POST /v1/admin/sanctions/lists": {"code": "house", "format": "csv"},
    "POST /v1/admin/reconciliation/imports": {
        "side": "provider",
        "account": "paystack",
        "from": "2026-01-15",
        "to": "2026-01-15",
    },
}

_NAME: Final = re.compile(r"{([\w:]+)}")


@dataclass(frozen=True, repr=False)
class Calls:
    """Calls every operation of the API about its part of the scene."""

    scene: Scene
    document: Mapping[str, Any]

    @property
    def operations(self) -> list[Operation]:
        paths = self.document["paths"]
        return sorted(((method.upper(), path) for path, found in paths.items() for method in found), key=_by_path)

    def described(self, operation: Operation) -> Mapping[str, Any]:
        method, path = operation
        described: Mapping[str, Any] = self.document["paths"][path][method.lower()]
        return described

    def guard(self, operation: Operation) -> str:
        """Return ``user``, ``admin`` or ``""``, as the document says."""
        return "".join(name for scheme in self.described(operation).get("security", ()) for name in scheme)

    def ids(self, operation: Operation) -> dict[str, str]:
        path = operation[1]
        part = next((part for pattern, part in PARTS if re.search(pattern, path)), "")
        return self.scene.ids(part)

    def unknown(self, operation: Operation) -> set[str]:
        """Return the path parameters for which the scene has no object."""
        return set(_NAME.findall(operation[1])) - self.ids(operation).keys()

    def body(self, operation: Operation, by: Admin | None = None) -> Any:
        ids = self.ids(operation)
        made = MadeRequests(self.document, {text[:3]: text for text in ids.values() if text[3:4] == "_"})
        body = BODIES.get(" ".join(operation))
        if body is None and isinstance(body := made.body(self.described(operation)), dict) and "totp" in body:
            body |= CODE
        if isinstance(body, dict) and "totp" in body:
            codes = {f"totp:{role}": admin.code(step=1) for role, admin in self.scene.admins.items()}
            ids |= codes | {"totp": by.code(step=1) if by is not None else "000000"}
        return _filled(body, ids)

    async def call(
        self, operation: Operation, token: str | None, *, by: Admin | None = None, **changed: Any
    ) -> httpx2.Response:
        """Call an operation; ``changed`` replaces its ``body``, its ``query`` or the ``ids`` in its path."""
        method, path = operation
        described, ids = self.described(operation), changed.get("ids", self.ids(operation))
        made = MadeRequests(self.document, {})
        query = QUERIES.get(" ".join(operation), made.query(described))
        request = sent(described, body=self.body(operation, by), query=query)
        if "body" in changed:
            request["json"] = changed["body"]
        request["params"] |= changed.get("query", {})
        if token is not None:
            request["headers"]["Authorization"] = f"Bearer {token}"
        url = _NAME.sub(lambda name: ids.get(name[1], "nothing"), path)
        return await self.scene.world.http.request(method, url, **request)


def _filled(value: Any, ids: Mapping[str, str]) -> Any:
    """Put the scene's objects where their names stand in braces."""
    match value:
        case dict():
            return {name: _filled(part, ids) for name, part in value.items()}
        case list():
            return [_filled(part, ids) for part in value]
        case str() if (found := _NAME.fullmatch(value)) is not None:
            return ids[found[1]]
        case _:
            return value


def _by_path(operation: Operation) -> tuple[str, str]:
    return operation[1], operation[0]
