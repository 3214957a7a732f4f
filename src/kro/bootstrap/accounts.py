"""What a user does with an account of their own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from kro.bootstrap.foundation import Foundation
from kro.bootstrap.providers import Providers
from kro.core.auth.passwords import PasswordHasher
from kro.core.auth.randomness import SystemRandomness
from kro.core.auth.sessions import Sessions
from kro.core.captcha import CaptchaGate, CaptchaRules
from kro.core.config import CaptchaVersion
from kro.core.scheduler import Step
from kro.core.storage import ObjectStore
from kro.management.database.accounts import UserAccounts
from kro.management.database.passwords import PasswordStore
from kro.management.domain import (
    AccountClosing,
    Accounts,
    ClosingStore,
    ContactChanges,
    ContactChangeStore,
    DataExports,
    DataExportStore,
    Logins,
    Passwords,
    Profiles,
    Registration,
)
from kro.verification.domain import AccountLinks, MagicLinks, MagicLinkStore, Verification


def build_captcha(base: Foundation, providers: Providers) -> CaptchaGate:
    """Return what stands before codes, links and accounts; open to everybody where no captcha is configured."""
    captcha = base.settings.captcha
    rules = CaptchaRules(
        hostnames=frozenset(host.lower() for host in captcha.hostnames),
        max_age_seconds=captcha.max_age_seconds,
        scores=dict(captcha.scores) if captcha.version is CaptchaVersion.V3 else {},
    )
    return CaptchaGate(providers.captcha, rules=rules, limiter=base.limiter, clock=base.clock)


def build_accounts(
    base: Foundation, sessions: Sessions, verification: Verification, hasher: PasswordHasher, files: ObjectStore
) -> Accounts:
    """Join everything about a user's own account."""
    users = UserAccounts(base.database)
    store = MagicLinkStore(base.database)
    links = AccountLinks(
        store,
        links=MagicLinks(cipher=base.cipher, randomness=SystemRandomness(), ids=base.ids),
        limiter=base.limiter,
        life=timedelta(minutes=base.settings.accounts.link_minutes),
        clock=base.clock,
        ids=base.ids,
    )
    return Accounts(
        registration=Registration(
            users, verification=verification, links=store, limiter=base.limiter, hasher=hasher, ids=base.ids
        ),
        logins=Logins(
            users,
            sessions=sessions,
            verification=verification,
            links=links,
            limiter=base.limiter,
            hasher=hasher,
            two_factor=base.user_factors,
            key=base.settings.security.otp_key.get_secret_value(),
            clock=base.clock,
            database=base.database,
            ids=base.ids,
        ),
        profiles=Profiles(users, limiter=base.limiter, ids=base.ids),
        passwords=Passwords(
            PasswordStore(base.database),
            verification=verification,
            links=links,
            limiter=base.limiter,
            step_up=base.step_up,
            hasher=hasher,
            cooling_hours=base.settings.payouts.cooling_hours,
            ids=base.ids,
        ),
        contacts=_contacts(base, verification, links, hasher),
        exports=_exports(base, files, hasher),
        closing=AccountClosing(
            ClosingStore(base.database),
            limiter=base.limiter,
            hasher=hasher,
            settings=base.settings.accounts,
            clock=base.clock,
            ids=base.ids,
        ),
        links=links,
    )


def _contacts(
    base: Foundation, verification: Verification, links: AccountLinks, hasher: PasswordHasher
) -> ContactChanges:
    return ContactChanges(
        ContactChangeStore(base.database),
        verification=verification,
        links=links,
        limiter=base.limiter,
        step_up=base.step_up,
        hasher=hasher,
        waits=timedelta(hours=base.settings.accounts.change_wait_hours),
        cooling_hours=base.settings.payouts.cooling_hours,
        clock=base.clock,
        ids=base.ids,
    )


def _exports(base: Foundation, files: ObjectStore, hasher: PasswordHasher) -> DataExports:
    return DataExports(
        DataExportStore(base.database),
        passwords=PasswordStore(base.database),
        files=files,
        limiter=base.limiter,
        hasher=hasher,
        settings=base.settings.accounts,
        clock=base.clock,
        ids=base.ids,
    )


def account_steps(base: Foundation, accounts: Accounts) -> Sequence[Step]:
    """Return what the worker repeats about people's own accounts."""
    batch = base.settings.worker.batch
    return (
        Step("contacts.changes", 60.0, lambda: accounts.contacts.settle_due(limit=batch), alone=True),
        Step("retention.exports", 600.0, lambda: accounts.exports.expire_due(limit=batch), alone=True),
        Step("retention.accounts", 3600.0, lambda: accounts.closing.tidy(limit=batch), alone=True),
    )
