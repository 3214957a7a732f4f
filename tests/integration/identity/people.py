"""Accounts against a real database, with cheap password hashes and codes that can be read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import pyotp

from kro.core.actor import Actor, ActorKind
from kro.core.auth.passwords import PasswordHasher
from kro.core.auth.permissions import Role
from kro.core.auth.randomness import SystemRandomness
from kro.core.auth.refresh import RefreshTokens
from kro.core.auth.sessions import Client, SessionPolicy, Sessions
from kro.core.auth.tokens import TokenIssuer, TokenVerifier, TokenWorld
from kro.core.clock import FrozenClock
from kro.core.config import Settings, load_settings
from kro.core.database.decisions import DecisionWriter
from kro.core.database.pool import Database
from kro.core.decisions import DecisionRunner
from kro.core.encryption import BlindIndex, FieldCipher
from kro.core.http import render_problem
from kro.core.ids import SystemIdSource
from kro.core.kyc.board import TierBoard
from kro.core.outgoing.call_log import CallLog
from kro.core.rate_limit import RateLimiter
from kro.core.storage import MemoryObjectStore
from kro.core.two_factor import USER_FACTORS, TwoFactor
from kro.management.database.passwords import PasswordStore
from kro.management.domain import (
    AccountClosing,
    Accounts,
    AdminAccess,
    AdminAccounts,
    BankAccounts,
    BankAccountStore,
    Banks,
    ClosingStore,
    ContactChanges,
    ContactChangeStore,
    DataExports,
    DataExportStore,
    Logins,
    Passwords,
    PayoutBasisStore,
    PayoutRequests,
    Profiles,
    Register,
    Registration,
    Seeding,
    UserAccounts,
)
from kro.payment.database.provider_switches import SwitchRepository
from kro.payment.domain import PayoutRules, ProviderBoard
from kro.payment.providers import ProviderDirectory
from kro.payment.providers.fake import FakePaystack
from kro.verification.domain import (
    AccountLinks,
    Challenge,
    MagicLinks,
    MagicLinkStore,
    StepUp,
    StepUpChallenges,
    StepUpRules,
    Target,
    Verification,
    VerificationCodes,
)

PHONE = "+2348031234567"
PASSWORD = "copper-kettle-42"
OTHER_PHONE = "+2348051234567"
ADMIN = "approver@kro.example"
TOTP_SECRET = pyotp.random_base32()
PHONE_CLIENT = Client(ip="203.0.113.9", user_agent="phone", country="NG", request_id="req_test")
PAYOUT_RULES = PayoutRules(provider="paystack", fee_minor=5_000, second_approver_above_minor=100_000_000)


@dataclass(frozen=True)
class Session:
    user_id: UUID
    actor: Actor
    access_token: str
    refresh_token: str


class People:
    """Everything about people, wired as the program wires it."""

    def __init__(self, database: Database, *, settings: Settings | None = None) -> None:
        self.database = database
        self.settings = settings or load_settings(environment="test", environ={})
        self.clock = FrozenClock()
        self.ids = SystemIdSource()
        self.bank = FakePaystack()
        self.hasher = PasswordHasher(memory_kib=32, rounds=1, at_once=8)
        self.limiter = RateLimiter(database)
        self.cipher = FieldCipher(keys={"e1": b"e" * 32}, active_key_id="e1")
        self.runner = DecisionRunner(DecisionWriter(database), render_problem=render_problem)
        self.two_factor = TwoFactor(database, cipher=self.cipher, clock=self.clock)
        self.users = self._world(ActorKind.USER, minutes=10)
        self.admins = self._world(ActorKind.ADMIN, minutes=5)
        self.user_tokens = TokenVerifier(self.users, clock=self.clock)
        self.admin_tokens = TokenVerifier(self.admins, clock=self.clock)
        self.user_sessions = self._sessions(self.users, absolute=timedelta(days=30), idle=timedelta(days=7))
        self.admin_sessions = self._sessions(self.admins, absolute=timedelta(hours=12), idle=timedelta(hours=12))
        self.verification = Verification(
            VerificationCodes(database),
            limiter=self.limiter,
            key=b"o" * 32,
            cipher=self.cipher,
            settings=self.settings.otp,
            ids=self.ids,
            randomness=SystemRandomness(),
        )
        self.user_factors = TwoFactor(database, cipher=self.cipher, clock=self.clock, table=USER_FACTORS)
        self.step_up = StepUp(
            StepUpChallenges(database),
            two_factor=self.user_factors,
            limiter=self.limiter,
            rules=StepUpRules(self.settings.step_up.above_minor),
            key=b"o" * 32,
            cipher=self.cipher,
            settings=self.settings.otp,
            clock=self.clock,
            ids=self.ids,
            randomness=SystemRandomness(),
        )
        self.accounts = self._accounts()
        self.admin_access = AdminAccess(
            AdminAccounts(database),
            sessions=self.admin_sessions,
            two_factor=self.two_factor,
            limiter=self.limiter,
            hasher=self.hasher,
            key=b"o" * 32,
            database=database,
            ids=self.ids,
        )
        self.bank_accounts = self._bank_accounts()
        self.payout_requests = PayoutRequests(
            PayoutBasisStore(database),
            runner=self.runner,
            rules=PAYOUT_RULES,
            board=ProviderBoard(
                providers=ProviderDirectory((FakePaystack().provider,)),
                switches=SwitchRepository(database),
                calls=CallLog(database, cipher=self.cipher, ids=self.ids),
                prices={},
                clock=self.clock,
            ),
            tiers=TierBoard(database, settings=self.settings.kyc, clock=self.clock),
            settings=self.settings.payouts,
            step_up=self.step_up,
            clock=self.clock,
            ids=self.ids,
        )
        self.seeding = Seeding(database, hasher=self.hasher, two_factor=self.two_factor, ids=self.ids)

    async def seed(self) -> None:
        """Write the roles, one user and one approver."""
        await self.seeding.roles()
        await self.add_user(PHONE)
        await self.seeding.admin(
            email=ADMIN, name="Demo Approver", password=PASSWORD, role=Role.APPROVER, totp_secret=TOTP_SECRET
        )

    async def add_user(self, phone: str, *, first_name: str = "Demo") -> None:
        await self.seeding.user(phone=phone, password=PASSWORD, first_name=first_name, last_name="Seller")

    async def register(self, phone: str, *, password: str = PASSWORD, **fields: Any) -> Challenge:
        command = Register(phone, password, **{"first_name": "Demo", "last_name": "Buyer", **fields})
        return await self.accounts.registration.register(command, client=PHONE_CLIENT)

    async def verify(self, challenge: Challenge, code: str) -> None:
        await self.accounts.registration.verify(challenge_id=challenge.id, code=code, client=PHONE_CLIENT)

    async def log_in(self, phone: str = PHONE, password: str = PASSWORD, *, client: Client = PHONE_CLIENT) -> Session:
        target = Target.phone(phone)
        logged_in = await self.accounts.logins.log_in(target, password=password, client=client)
        claims = self.user_tokens.verify(logged_in.tokens.access_token)
        return Session(
            user_id=claims.subject,
            actor=Actor(kind=ActorKind.USER, id=claims.subject, session_id=claims.session_id, request_id="req_test"),
            access_token=logged_in.tokens.access_token,
            refresh_token=logged_in.tokens.refresh_token,
        )

    async def texts(self) -> list[dict[str, Any]]:
        """Return the payloads of the codes on their way, in the order they were asked for."""
        rows = await self.database.rows("SELECT payload FROM outbox WHERE topic = 'sms.otp' ORDER BY id")
        return [row["payload"] for row in rows]

    async def code_of(self, challenge: Challenge) -> str:
        """Open the code on its way for a challenge, as the worker does."""
        (sealed,) = [text["sealed"] for text in await self.texts() if text["challenge_id"] == str(challenge.id)]
        return self.cipher.open(sealed, context=str(challenge.id))

    def totp(self, *, steps: int = 0) -> str:
        return pyotp.TOTP(TOTP_SECRET).at(int(self.clock.now().timestamp()) + 30 * steps)

    async def audits(self, action: str) -> list[dict[str, Any]]:
        return [
            dict(row)
            for row in await self.database.rows("SELECT * FROM audit_log WHERE action = $1 ORDER BY id", action)
        ]

    def _world(self, kind: ActorKind, *, minutes: int) -> TokenWorld:
        return TokenWorld(
            kind=kind,
            issuer=f"kro-{kind}",
            audience=f"kro-{kind}s",
            keys={"k1": kind.value.encode().ljust(32, b"-")},
            signing_kid="k1",
            lifetime=timedelta(minutes=minutes),
        )

    def _sessions(self, world: TokenWorld, *, absolute: timedelta, idle: timedelta) -> Sessions:
        return Sessions(
            self.database,
            policy=SessionPolicy(world.kind, absolute=absolute, idle=idle),
            refresh_tokens=RefreshTokens(keys=(b"r" * 32,), randomness=SystemRandomness()),
            issuer=TokenIssuer(world, clock=self.clock, ids=self.ids),
            ids=self.ids,
        )

    def _accounts(self) -> Accounts:
        users = UserAccounts(self.database)
        store = MagicLinkStore(self.database)
        links = AccountLinks(
            store,
            links=MagicLinks(cipher=self.cipher, randomness=SystemRandomness(), ids=self.ids),
            limiter=self.limiter,
            life=timedelta(minutes=15),
            clock=self.clock,
            ids=self.ids,
        )
        return Accounts(
            registration=Registration(
                users,
                verification=self.verification,
                links=store,
                limiter=self.limiter,
                hasher=self.hasher,
                ids=self.ids,
            ),
            logins=Logins(
                users,
                sessions=self.user_sessions,
                verification=self.verification,
                links=links,
                limiter=self.limiter,
                hasher=self.hasher,
                two_factor=self.user_factors,
                key=b"o" * 32,
                clock=self.clock,
                database=self.database,
                ids=self.ids,
            ),
            profiles=Profiles(users, limiter=self.limiter, ids=self.ids),
            passwords=Passwords(
                PasswordStore(self.database),
                verification=self.verification,
                links=links,
                step_up=self.step_up,
                limiter=self.limiter,
                hasher=self.hasher,
                cooling_hours=24,
                ids=self.ids,
            ),
            contacts=ContactChanges(
                ContactChangeStore(self.database),
                verification=self.verification,
                links=links,
                step_up=self.step_up,
                limiter=self.limiter,
                hasher=self.hasher,
                waits=timedelta(hours=72),
                cooling_hours=24,
                clock=self.clock,
                ids=self.ids,
            ),
            exports=self._exports(),
            closing=AccountClosing(
                ClosingStore(self.database),
                limiter=self.limiter,
                hasher=self.hasher,
                settings=self.settings.accounts,
                clock=self.clock,
                ids=self.ids,
            ),
            links=links,
        )

    def _exports(self) -> DataExports:
        return DataExports(
            DataExportStore(self.database),
            passwords=PasswordStore(self.database),
            files=MemoryObjectStore(),
            limiter=self.limiter,
            hasher=self.hasher,
            settings=self.settings.accounts,
            clock=self.clock,
            ids=self.ids,
        )

    def _bank_accounts(self) -> BankAccounts:
        provider = self.bank.provider
        return BankAccounts(
            BankAccountStore(self.database),
            runner=self.runner,
            resolver=provider.accounts,
            banks=Banks(provider.banks, clock=self.clock),
            limiter=self.limiter,
            cipher=self.cipher,
            index=BlindIndex(key=b"i" * 32),
            currency="NGN",
            cooling=timedelta(hours=24),
            step_up=self.step_up,
            clock=self.clock,
            ids=self.ids,
        )
