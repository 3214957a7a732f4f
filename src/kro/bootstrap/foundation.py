"""What every module is built on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from kro.core.auth.randomness import SystemRandomness
from kro.core.clock import Clock, SystemClock
from kro.core.config import Settings
from kro.core.database.address import pool_options, replica_options
from kro.core.database.decisions import DecisionWriter
from kro.core.database.pool import Database, PoolOptions
from kro.core.decisions import DecisionRunner
from kro.core.encryption import BlindIndex, FieldCipher
from kro.core.geo import Atlas, open_atlas
from kro.core.http import render_problem
from kro.core.ids import IdSource, SystemIdSource
from kro.core.kyc.board import TierBoard
from kro.core.outgoing.call_log import CallLog
from kro.core.rate_limit import RateLimiter
from kro.core.telemetry import wants_telemetry
from kro.core.two_factor import USER_FACTORS, TwoFactor
from kro.verification.domain import StepUp, StepUpChallenges, StepUpRules

if TYPE_CHECKING:
    from kro.core.database.replica import Replica

ADDED_TOGETHER: Final = frozenset({"fee_quotes", "orders", "conditions", "order_terms"})
"""What a quote and a new order are made of: their rows have no key that anybody else could come upon."""


@dataclass(frozen=True, slots=True)
class Foundation:
    settings: Settings
    pool_options: PoolOptions
    database: Database
    replica: Replica | None
    runner: DecisionRunner
    cipher: FieldCipher
    index: BlindIndex
    limiter: RateLimiter
    call_log: CallLog
    tiers: TierBoard
    two_factor: TwoFactor
    atlas: Atlas
    user_factors: TwoFactor
    step_up: StepUp
    clock: Clock
    ids: IdSource


def lay_foundation(settings: Settings, *, clock: Clock | None = None) -> Foundation:
    """Make what every module needs, with the database not yet open."""
    used_clock = clock or SystemClock()
    options = pool_options(settings.database)
    database = _make_database(options, settings)
    security, ids = settings.security, SystemIdSource()
    cipher = FieldCipher(
        keys={key_id: key.get_secret_value() for key_id, key in security.encryption_keys.items()},
        active_key_id=security.active_encryption_key_id,
    )
    user_factors = TwoFactor(database, cipher=cipher, clock=used_clock, table=USER_FACTORS)
    return Foundation(
        settings=settings,
        pool_options=options,
        database=database,
        replica=_make_replica(database, settings),
        runner=DecisionRunner(DecisionWriter(database, together=ADDED_TOGETHER), render_problem=render_problem),
        cipher=cipher,
        index=BlindIndex(key=security.blind_index_key.get_secret_value()),
        limiter=RateLimiter(database),
        call_log=CallLog(database, cipher=cipher, ids=ids),
        tiers=TierBoard(database, settings=settings.kyc, clock=used_clock),
        two_factor=TwoFactor(database, cipher=cipher, clock=used_clock),
        atlas=open_atlas(settings.geo.database_file),
        user_factors=user_factors,
        step_up=StepUp(
            StepUpChallenges(database),
            two_factor=user_factors,
            limiter=RateLimiter(database),
            rules=StepUpRules(settings.step_up.above_minor),
            key=security.otp_key.get_secret_value(),
            cipher=cipher,
            settings=settings.otp,
            clock=used_clock,
            ids=ids,
            randomness=SystemRandomness(),
        ),
        clock=used_clock,
        ids=ids,
    )


def _make_database(options: PoolOptions, settings: Settings) -> Database:
    if not wants_telemetry(settings):
        return Database(options)
    from kro.core.database.observed import ObservedDatabase  # noqa: PLC0415 - only where somebody wants to know

    return ObservedDatabase(options)


def _make_replica(database: Database, settings: Settings) -> Replica | None:
    options = replica_options(settings.database)
    if options is None:
        return None
    from kro.core.database.replica import Replica  # noqa: PLC0415 - only where there is one

    replica = Replica(options, primary=database, patience_ms=settings.database.timeouts.replica_ms)
    database.read = replica.lead
    return replica
