"""Knowing the customer: tiers, identities and sanctions."""

from __future__ import annotations

from dataclasses import dataclass

from kro.bootstrap.foundation import Foundation
from kro.management.database.tier_admin import TierAdminRepository
from kro.management.domain.tier_administration import TierAdministration


@dataclass(frozen=True, slots=True)
class Knowing:
    tiers: TierAdministration

    def services(self) -> dict[str, object]:
        """Return what the routes ask for, by name."""
        return {"tier_administration": self.tiers}


def build_knowing(base: Foundation) -> Knowing:
    """Join what is known of people and what follows from it."""
    return Knowing(
        tiers=TierAdministration(
            runner=base.runner,
            rules=TierAdminRepository(base.database),
            board=base.tiers,
            clock=base.clock,
            ids=base.ids,
        )
    )
