"""Knowing the customer: tiers, identities and sanctions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kro.bootstrap.foundation import Foundation
from kro.bootstrap.providers import Providers
from kro.core.audit import AuditTrail
from kro.core.encryption import EnvelopeCipher
from kro.core.outbox import Handler
from kro.core.scheduler import Step
from kro.management.database.identity_checks import IdentityCheckRepository
from kro.management.database.sanctions import SanctionRepository
from kro.management.database.tier_admin import TierAdminRepository
from kro.management.domain.decide_identity import RESOLVE_TOPIC
from kro.management.domain.identity import IdentityResolver, IdentityService
from kro.management.domain.identity_review import IdentityReview
from kro.management.domain.identity_vault import IdentityVault
from kro.management.domain.sanctions import SanctionImports, SanctionMatches, SanctionScreening
from kro.management.domain.screening_message import SCREEN_TOPIC
from kro.management.domain.tier_administration import TierAdministration
from kro.order.domain import FREEZE_TOPIC, FrozenParties, OrderRepository

_BATCH = 20


@dataclass(frozen=True, slots=True)
class Knowing:
    tiers: TierAdministration
    identities: IdentityService
    resolver: IdentityResolver
    review: IdentityReview
    screening: SanctionScreening
    imports: SanctionImports
    matches: SanctionMatches
    frozen_parties: FrozenParties

    def services(self) -> dict[str, object]:
        """Return what the routes ask for, by name."""
        return {
            "tier_administration": self.tiers,
            "identity_checks": self.identities,
            "identity_review": self.review,
            "sanction_imports": self.imports,
            "sanction_matches": self.matches,
        }

    def handlers(self) -> Mapping[str, Handler]:
        """Return what to do with each topic of the outbox."""
        return {
            RESOLVE_TOPIC: self.resolver.handle,
            SCREEN_TOPIC: self.screening.handle,
            FREEZE_TOPIC: self.frozen_parties.handle,
        }


def build_knowing(base: Foundation, providers: Providers, orders: OrderRepository) -> Knowing:
    """Join what is known of people and what follows from it."""
    shared: dict[str, Any] = {"runner": base.runner, "clock": base.clock, "ids": base.ids}
    checks = IdentityCheckRepository(base.database)
    sanctions = SanctionRepository(base.database)
    vault = IdentityVault(EnvelopeCipher(base.cipher), base.index)
    return Knowing(
        tiers=TierAdministration(rules=TierAdminRepository(base.database), board=base.tiers, **shared),
        identities=IdentityService(checks, vault=vault, limiter=base.limiter, **shared),
        resolver=IdentityResolver(checks, provider=providers.identity, vault=vault, tiers=base.tiers, **shared),
        review=IdentityReview(
            checks, trail=AuditTrail(base.database, ids=base.ids), vault=vault, tiers=base.tiers, **shared
        ),
        screening=SanctionScreening(sanctions, vault=vault, **shared),
        imports=SanctionImports(sanctions, clock=base.clock, ids=base.ids),
        matches=SanctionMatches(sanctions, **shared),
        frozen_parties=FrozenParties(orders=orders, **shared),
    )


def knowing_steps(base: Foundation, knowing: Knowing) -> Sequence[Step]:
    """Return what the worker repeats about people."""
    current = f"v1.{base.settings.security.active_encryption_key_id}."

    async def rewrap() -> int:
        await knowing.resolver.rewrap_due(current=current)
        return 0

    return (
        Step("identity.checks", 5.0, lambda: knowing.resolver.resolve_due(limit=_BATCH)),
        Step("sanctions.screen_all", 60.0, knowing.screening.screen_next, alone=True),
        Step("identity.rewrap", 3600.0, rewrap, alone=True),
    )
