"""Secrets on their way through the running product, looked for wherever it writes: logs, refusals, every column."""

from __future__ import annotations

import base64
import random
import re
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import uuid4

import asyncpg
import httpx2
import pyotp
import pytest

from kro.core.config import load_settings
from order_steps import DUE
from stack import Stack

PASSWORDS: Final = ("canary-kettle-before-71", "canary-kettle-after-72")
PATIENCE_SECONDS: Final = 30
_PLAIN: Final = """
SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"""


@dataclass
class Canaries:
    """The secrets that were let fly, by what they are, and what the API said when it refused something."""

    found: dict[str, str] = field(default_factory=dict)
    refusals: list[str] = field(default_factory=list)

    def patterns(self) -> Iterator[tuple[str, re.Pattern[str]]]:
        for what, secret in self.found.items():
            if secret.isdecimal():
                # As a word of its own inside a text: the same digits may be part of a moment, an amount or an id.
                yield what, re.compile(rf"(?<![0-9A-Za-z.+_-]){secret}(?![0-9A-Za-z.+_-])")
                continue
            forms = {secret, secret.encode().hex(), base64.b64encode(secret.encode()).decode().rstrip("=")}
            yield what, re.compile("|".join(map(re.escape, forms)))


class Person:
    """Uses the API as an app would, and keeps what it is refused with."""

    def __init__(self, http: httpx2.Client, canaries: Canaries) -> None:
        self._http, self._canaries = http, canaries
        self.token = ""
        self.read_code: Callable[[], str] = str

    def ask(self, method: str, path: str, body: Any = None) -> httpx2.Response:
        headers = {"Idempotency-Key": uuid4().hex} | ({"Authorization": f"Bearer {self.token}"} if self.token else {})
        reply = self._http.request(method, f"/v1{path}", json=body, headers=headers)
        # What a proof is for is told to whoever just asked for it, with the account they named.
        if not reply.is_success and "step_up" not in reply.json():
            self._canaries.refusals.append(reply.text)
        return reply

    def post(self, path: str, body: Any = None) -> Any:
        reply = self.ask("POST", path, body or {})
        if "step_up" in (told := reply.json() if reply.content else {}):
            wanted = {name: value for name, value in told["step_up"].items() if name != "methods" and value}
            challenge = self.post("/auth/step-up", wanted)["challenge_id"]
            code = self.read_code()
            self._canaries.found[f"code to {wanted['action']}"] = code
            reply = self.ask("POST", path, {**body, "step_up": {"challenge_id": challenge, "code": code}})
        assert reply.is_success, (path, reply.text)
        return reply.json() if reply.content else None


def said(stack: Stack, phone: str, pattern: str, *, but: Collection[str] = ()) -> str:
    """Return what the newest text to a phone says that is nothing known already, once it has come."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        found = httpx2.get(
            f"{stack.sandbox_url}/_sim/messages", params={"to": phone, "channel": "sms", "wait": 5}, trust_env=False
        )
        for message in reversed(found.json()["messages"]):
            if (match := re.search(pattern, message["text"])) and match[1] not in but:
                return match[1]
        time.sleep(0.1)
    raise AssertionError(f"no text to {phone} says {pattern}")


def join(person: Person, canaries: Canaries, stack: Stack, phone: str, who: str) -> None:
    """Register, prove the phone and log in."""
    names = {"first_name": "Ada", "last_name": "Demo"}
    challenge = person.post("/auth/register", {"phone": phone, "password": PASSWORDS[0], **names})["challenge_id"]
    person.read_code = lambda: said(stack, phone, r"\b(\d{6})\b", but=canaries.found.values())
    code = person.read_code()
    person.post("/auth/otp/verify", {"challenge_id": challenge, "code": code})
    logged_in = person.post("/auth/login", {"phone": phone, "password": PASSWORDS[0]})
    person.token = logged_in["access_token"]
    canaries.found |= {
        f"code for the phone of the {who}": code,
        f"access token of the {who}": person.token,
        f"refresh token of the {who}": logged_in["refresh_token"],
    }


def secure(person: Person, canaries: Canaries, stack: Stack, phone: str) -> None:
    """Change the password, ask for every kind of link, and set up an authenticator."""
    canaries.found |= {"password": PASSWORDS[0], "new password": PASSWORDS[1]}
    person.post("/auth/password/change", {"current_password": PASSWORDS[0], "password": PASSWORDS[1]})
    person.post("/auth/magic-links", {"phone": phone})
    canaries.found["magic link"] = said(stack, phone, r"/magic-links/([\w-]+)")
    person.post("/auth/password/forgot", {"phone": phone})
    canaries.found["code for a new password"] = person.read_code()
    secret = person.post("/auth/2fa", {"password": PASSWORDS[1]})["secret"]
    codes = person.post("/auth/2fa/confirm", {"totp": pyotp.TOTP(secret).now()})["recovery_codes"]
    canaries.found |= {"authenticator": secret, "recovery code": codes[0], "another recovery code": codes[-1]}


def give_numbers(person: Person, canaries: Canaries) -> None:
    """Name a bank account, and prove who one is."""
    account, bvn = (f"{random.randrange(10**9, 10**10)}", f"{random.randrange(2 * 10**10, 3 * 10**10)}")  # noqa: S311 - no secret
    canaries.found |= {"account number": account, "BVN": bvn}
    person.post("/me/bank-accounts", {"bank_code": "058", "account_number": account})
    person.post("/me/kyc", {"kind": "bvn", "number": bvn, "date_of_birth": "1990-01-31", "consent_version": "2026-11"})


def deal(buyer: Person, seller: Person, canaries: Canaries, stack: Stack, phones: tuple[str, str, str]) -> None:
    """Invite somebody without an account, and hand goods over by a code and with a rider."""
    amount = {"amount": 15_000_000, "currency": "NGN"}
    quote = {"amount": amount, "order_type": "goods", "buyer_share_bps": 5_000}

    def proposed(phone: str) -> Any:
        condition = {"kind": "delivery_code", "title": "Handed over", "confirmed_by": "system"}
        terms = {"order_type": "goods", "title": "Laptop", "description": "Good", "delivery_hours": 72}
        return buyer.post(
            "/orders",
            {
                "quote_id": buyer.post("/fees/quote", quote)["id"], "role": "buyer", "counterparty_phone": phone,
                "conditions": [condition], **terms,
            },
        )  # fmt: skip

    proposed(phones[2])
    canaries.found["invitation"] = said(stack, phones[2], r"/invites/([\w-]+)")
    order = proposed(phones[1])
    path = f"/orders/{order['id']}"
    seller.post(f"{path}/accept", {"terms_hash": order["terms"]["hash"]})
    pay(buyer, stack, path)
    canaries.found["handover code"] = buyer.post(f"{path}/handover-code")["code"]
    canaries.found["link of a rider"] = seller.post(f"{path}/rider-link")["url"].partition("#rider=")[2]


def pay(buyer: Person, stack: Stack, path: str) -> None:
    payment = buyer.post(f"{path}/fund", {"method": "checkout", "provider": "paystack"})
    assert payment["amount"]["amount"] == DUE

    def answered(what: Callable[[], Any]) -> Any:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            if found := what():
                return found
            time.sleep(0.1)
        raise AssertionError("the worker did not get to it")

    url = answered(lambda: buyer.ask("GET", f"/payments/{payment['id']}").json()["checkout_url"])
    card = {"card_number": "4084084084084081", "cvv": "408", "expiry": "12/30"}
    assert httpx2.post(f"{url}/pay", json=card, trust_env=False).is_success
    answered(lambda: buyer.ask("GET", path).json()["status"] == "in_progress")


def be_clumsy(person: Person, canaries: Canaries, phone: str) -> None:
    """Put every secret where it does not belong, so that it comes back if anything sent does."""
    for secret in list(canaries.found.values()):
        person.ask("POST", "/auth/login", {"phone": phone, "password": secret, "unknown": secret})
        person.ask("POST", "/auth/login", {"phone": [secret], "password": {"it": secret}})
        person.ask("POST", "/auth/otp/verify", {"challenge_id": secret, "code": secret})
        person.ask("POST", "/auth/refresh", {"refresh_token": f"{secret}x"})
        person.ask("POST", "/me/bank-accounts", {"bank_code": secret, "account_number": secret})
        person.ask("GET", f"/users/lookup?phone={secret}")
        person.ask("GET", f"/me?unknown={secret}")


async def stored(dsn: str) -> list[tuple[str, str]]:
    """Return every row of every table as text, bytes in hexadecimal."""
    connection = await asyncpg.connect(dsn)
    try:
        tables = [row["table_name"] for row in await connection.fetch(_PLAIN)]
        return [
            (table, row["content"])
            for table in tables
            for row in await connection.fetch(f'SELECT row_to_json(t)::text AS content FROM public."{table}" AS t')  # noqa: S608 - names of tables
        ]
    finally:
        await connection.close()


@pytest.mark.timeout(300)
async def test_no_secret_is_written_where_it_can_be_read(stack: Stack) -> None:
    canaries = Canaries()
    phones = tuple(f"+23480{prefix}{random.randrange(10**6):06d}" for prefix in ("36", "37", "38"))  # noqa: S311 - no secret
    with httpx2.Client(base_url=stack.base_url, trust_env=False, timeout=20) as http:
        buyer, seller = Person(http, canaries), Person(http, canaries)
        join(buyer, canaries, stack, phones[0], "buyer")
        join(seller, canaries, stack, phones[1], "seller")
        deal(buyer, seller, canaries, stack, (phones[0], phones[1], phones[2]))
        give_numbers(seller, canaries)
        secure(seller, canaries, stack, phones[1])
        be_clumsy(seller, canaries, phones[1])
    settings = load_settings(environment="test", environ={})
    vendors = {
        "key of Paystack": settings.paystack.secret_key,
        "key of Fincra": settings.fincra.secret_key,
        "key of Termii": settings.termii.api_key,
        "key of SendGrid": settings.send_grid.api_key,
    }
    canaries.found |= {what: key.get_secret_value() for what, key in vendors.items() if key is not None}

    written = [
        *(("refusal", text) for text in canaries.refusals),
        *((f"log of the {name}", line) for name in ("api", "worker") for line in stack.log(name).splitlines()),
        *await stored(stack.owner_dsn),
    ]
    seen = {
        f"{what} in {place}: {text[:300]}"
        for what, pattern in canaries.patterns()
        for place, text in written
        if pattern.search(text)
    }

    assert len(canaries.found) >= 20
    assert not seen, "\n".join(sorted(seen))
    assert len(written) > 300
