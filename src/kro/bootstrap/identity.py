"""People: tokens, sessions, accounts and their verification."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from kro.bootstrap.accounts import build_accounts
from kro.bootstrap.choosing import Choosing
from kro.bootstrap.factors import build_admin_administration, build_admin_enrolment, build_user_factors
from kro.bootstrap.foundation import Foundation
from kro.bootstrap.payments import payout_rules
from kro.bootstrap.providers import Providers
from kro.core.actor import ActorKind
from kro.core.auth.passwords import PasswordHasher
from kro.core.auth.randomness import SystemRandomness
from kro.core.auth.refresh import RefreshTokens
from kro.core.auth.sessions import SessionPolicy, Sessions
from kro.core.auth.tokens import TokenIssuer, TokenVerifier, TokenWorld
from kro.core.config import AdminTokenSettings, UserTokenSettings
from kro.management.database.admins import AdminAccounts
from kro.management.database.bank_accounts import BankAccountStore
from kro.management.domain import (
    Accounts,
    AdminAccess,
    AdminAdministration,
    AdminEnrolment,
    BankAccounts,
    Banks,
    PayoutBasisStore,
    PayoutRequests,
    Seeding,
    UserFactors,
)
from kro.verification.database import VerificationCodes
from kro.verification.domain import Verification


@dataclass(frozen=True, slots=True)
class Identity:
    user_tokens: TokenVerifier
    admin_tokens: TokenVerifier
    accounts: Accounts
    admin_access: AdminAccess
    bank_accounts: BankAccounts
    payout_requests: PayoutRequests
    verification: Verification
    seeding: Seeding
    user_factors: UserFactors
    admin_administration: AdminAdministration
    admin_enrolment: AdminEnrolment


def build_identity(base: Foundation, providers: Providers, choosing: Choosing, *, hasher: PasswordHasher) -> Identity:
    """Join everything about people."""
    jwt = base.settings.jwt
    users = token_world(ActorKind.USER, jwt.user)
    admins = token_world(ActorKind.ADMIN, jwt.admin)
    user_policy = SessionPolicy(
        ActorKind.USER, absolute=timedelta(days=jwt.user.refresh_days), idle=timedelta(days=jwt.user.idle_days)
    )
    admin_life = timedelta(hours=jwt.admin.session_hours)
    admin_policy = SessionPolicy(ActorKind.ADMIN, absolute=admin_life, idle=admin_life)
    verification = Verification(
        VerificationCodes(base.database),
        limiter=base.limiter,
        key=base.settings.security.otp_key.get_secret_value(),
        cipher=base.cipher,
        settings=base.settings.otp,
        ids=base.ids,
        randomness=SystemRandomness(),
    )
    return Identity(
        user_tokens=TokenVerifier(users, clock=base.clock),
        admin_tokens=TokenVerifier(admins, clock=base.clock),
        accounts=build_accounts(base, _sessions(base, users, user_policy), verification, hasher, providers.files),
        admin_access=AdminAccess(
            AdminAccounts(base.database),
            sessions=_sessions(base, admins, admin_policy),
            two_factor=base.two_factor,
            limiter=base.limiter,
            hasher=hasher,
            key=base.settings.security.otp_key.get_secret_value(),
            database=base.database,
            ids=base.ids,
        ),
        bank_accounts=_bank_accounts(base, providers),
        payout_requests=PayoutRequests(
            PayoutBasisStore(base.database),
            runner=base.runner,
            rules=payout_rules(base, providers.payments.home.name),
            board=choosing.board,
            tiers=base.tiers,
            settings=base.settings.payouts,
            step_up=base.step_up,
            clock=base.clock,
            ids=base.ids,
        ),
        verification=verification,
        admin_administration=build_admin_administration(base),
        admin_enrolment=build_admin_enrolment(base, hasher),
        user_factors=build_user_factors(base, hasher),
        seeding=Seeding(base.database, hasher=hasher, two_factor=base.two_factor, ids=base.ids),
    )


def token_world(kind: ActorKind, settings: UserTokenSettings | AdminTokenSettings) -> TokenWorld:
    """Return the tokens of one audience as they are configured; the first key signs."""
    return TokenWorld(
        kind=kind,
        issuer=settings.issuer,
        audience=settings.audience,
        keys={key.kid: key.secret.get_secret_value() for key in settings.keys},
        signing_kid=settings.keys[0].kid,
        lifetime=timedelta(minutes=settings.access_minutes),
    )


def _sessions(base: Foundation, world: TokenWorld, policy: SessionPolicy) -> Sessions:
    return Sessions(
        base.database,
        policy=policy,
        # The signing key comes first in the settings, and so it does here.
        refresh_tokens=RefreshTokens(keys=tuple(world.keys.values()), randomness=SystemRandomness()),
        issuer=TokenIssuer(world, clock=base.clock, ids=base.ids),
        ids=base.ids,
    )


def _bank_accounts(base: Foundation, providers: Providers) -> BankAccounts:
    return BankAccounts(
        BankAccountStore(base.database),
        runner=base.runner,
        resolver=providers.payments.home.accounts,
        banks=Banks(providers.payments.home.banks, clock=base.clock),
        limiter=base.limiter,
        cipher=base.cipher,
        index=base.index,
        currency=base.settings.kyc.currency,
        cooling=timedelta(hours=base.settings.payouts.cooling_hours),
        step_up=base.step_up,
        clock=base.clock,
        ids=base.ids,
    )
