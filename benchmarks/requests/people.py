"""Pairs of a buyer with money and a seller, logged in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

from uuid_utils.compat import uuid7

from kro.core.auth.passwords import PasswordHasher
from kro.core.auth.tokens import TokenIssuer
from kro.core.database.pool import Database
from kro.core.decisions import Decision
from kro.core.decisions.encoding import encode
from kro.core.money import Money
from kro.kro_balance.domain import External, Posting, receipt

FUNDS: Final = 10**12
PASSWORD: Final = "correct horse battery"  # noqa: S105 - of people who are made up
_USER: Final = """
INSERT INTO users (id, phone, first_name, last_name, email, password_hash, status, role_code, kyc_tier)
VALUES ($1, $2, $3, 'Bench', $2 || '@kro.example', $4, 'active', 'member', 3)"""
_BANK_ACCOUNT: Final = """
INSERT INTO bank_accounts (id, user_id, bank_code, bank_name, account_number_sealed, account_number_index,
    account_number_last4, account_name, currency, usable_from, name_match)
VALUES ($1, $2, '058', 'GTBank', 'sealed', $1::uuid::text, '6789', 'BUYER BENCH', 'NGN', now(), 'match')"""
_SESSION: Final = """
INSERT INTO sessions (id, audience, user_id, refresh_hash, expires_at)
VALUES ($1, 'user', $2, uuid_send($1), now() + $3::interval)"""


@dataclass(frozen=True, slots=True)
class Person:
    id: UUID
    session_id: UUID
    phone: str
    bank_account_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Pair:
    buyer: Person
    seller: Person


@dataclass(slots=True)
class Crowd:
    """The pairs, and their access tokens, which :meth:`log_in` renews."""

    pairs: list[Pair]
    issuer: TokenIssuer
    tokens: dict[UUID, str]

    def log_in(self) -> None:
        people = (person for pair in self.pairs for person in (pair.buyer, pair.seller))
        self.tokens = {p.id: self.issuer.issue(subject=p.id, session_id=p.session_id) for p in people}

    def token(self, person: Person) -> str:
        return self.tokens[person.id]


async def gather_crowd(database: Database, issuer: TokenIssuer, *, pairs: int, first: int = 0) -> Crowd:
    """Register that many pairs, with numbers from ``first`` on, and give each buyer money."""
    made = []
    password_hash = await PasswordHasher().hash(PASSWORD)
    for number in range(first, first + pairs):
        buyer = await _person(database, f"+23480310{number:05d}", "Buyer", password_hash)
        seller = await _person(database, f"+23480320{number:05d}", "Seller", password_hash)
        await give(database, buyer.id, FUNDS)
        made.append(Pair(buyer, seller))
    return Crowd(made, issuer, {})


async def _person(database: Database, phone: str, name: str, password_hash: str) -> Person:
    person = Person(uuid7(), uuid7(), phone, uuid7())
    await database.execute(_USER, person.id, phone, name, password_hash)
    await database.execute(_BANK_ACCOUNT, person.bank_account_id, person.id)
    await database.execute(_SESSION, person.session_id, person.id, timedelta(days=1))
    return person


async def give(database: Database, user_id: UUID, amount: int) -> None:
    """Let a payment of so many kobo arrive at somebody's balance."""
    posting = Posting(journal_id=uuid7(), occurred_at=datetime.now(UTC), actor="benchmark")
    journal = receipt(
        posting,
        payment_id=uuid7(),
        user_id=user_id,
        amount=Money(amount, "NGN"),
        external=External("paystack", uuid4().hex),
    )
    await database.apply(encode(Decision(journals=(journal,))))
