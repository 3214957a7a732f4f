"""Authenticators of users and admins, and how admins come in."""

from __future__ import annotations

from kro.bootstrap.foundation import Foundation
from kro.core.auth.passwords import PasswordHasher
from kro.core.auth.randomness import SystemRandomness
from kro.management.database.admin_directory import AdminDirectory
from kro.management.database.admin_enrolments import AdminEnrolmentStore
from kro.management.database.user_factors import UserFactorStore
from kro.management.domain import AdminAdministration, AdminEnrolment, UserFactors
from kro.verification.domain import MagicLinks


def build_admin_administration(base: Foundation) -> AdminAdministration:
    return AdminAdministration(
        AdminDirectory(base.database),
        AdminEnrolmentStore(base.database),
        two_factor=base.two_factor,
        links=MagicLinks(cipher=base.cipher, randomness=SystemRandomness(), ids=base.ids),
        database=base.database,
        clock=base.clock,
        ids=base.ids,
    )


def build_admin_enrolment(base: Foundation, hasher: PasswordHasher) -> AdminEnrolment:
    return AdminEnrolment(
        AdminEnrolmentStore(base.database),
        two_factor=base.two_factor,
        limiter=base.limiter,
        hasher=hasher,
        key=base.settings.security.otp_key.get_secret_value(),
        database=base.database,
        ids=base.ids,
        randomness=SystemRandomness(),
    )


def build_user_factors(base: Foundation, hasher: PasswordHasher) -> UserFactors:
    return UserFactors(
        UserFactorStore(base.database),
        two_factor=base.user_factors,
        step_up=base.step_up,
        limiter=base.limiter,
        hasher=hasher,
        key=base.settings.security.otp_key.get_secret_value(),
        database=base.database,
        clock=base.clock,
        ids=base.ids,
        randomness=SystemRandomness(),
    )
