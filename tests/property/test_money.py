"""Money cannot be lost, created or misplaced: random lives of the platform against the simplest model of its books.

``make test`` plays a few, ``make soak`` thousands. Each life is a new sequence of business events; after every step all
balances must be those of the model and every registered invariant must hold.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.errors import FlakyStrategyDefinition
from hypothesis.stateful import run_state_machine_as_test
from tests.conftest import FreshDatabase
from tests.property.house import MoneyMachine
from tests.property.mutants import MUTANTS
from tests.property.stage import Stage

LIVES = int(os.environ.get("KRO_LIVES", "80"))
LIVES_PER_PART = int(os.environ.get("KRO_LIVES_PER_PART", "40"))
SEED = int(os.environ.get("KRO_SEED", "20260115"))
STEPS = 25
ENOUGH_TO_MEET_EVERYTHING = 250
EVENTS = {
    "chargeback_fee",
    "chargeback_opened",
    "chargeback_won",
    "fee_given_back",
    "full_release",
    "goodwill",
    "manual_adjustment",
    "order_funded",
    "partial_release",
    "payout_cancelled",
    "payout_failed",
    "payout_rejected",
    "payout_requested",
    "payout_returned",
    "payout_settled",
    "provider_fee",
    "provider_settled",
    "receipt",
    "receivable_repaid",
    "receivable_written_off",
    "refund_after_release",
    "refund_confirmed",
    "refund_failed",
    "refund_to_source_requested",
    "refund_to_wallet",
    "reserve_freed",
    "reserve_held",
    "reversal",
    "roll-up",
    "split_settlement",
    "suspense_resolved",
    "suspense_returned",
    "unmatched_receipt",
}


@pytest.fixture
def stage(fresh_database: FreshDatabase) -> Iterator[Stage]:
    opened = Stage(fresh_database)
    yield opened
    opened.close()


def play(stage: Stage, *, lives: int, part: int = 0, find_smallest: bool = True) -> None:
    """Play so many lives; the same part of the same seed plays the same ones."""
    machine: Any = type("Machine", (MoneyMachine,), {"stage": stage, "few_rules": part % 4 == 3})
    phases = [Phase.generate, *([Phase.shrink] if find_smallest else [])]
    run_state_machine_as_test(
        seed(SEED + part)(machine),
        settings=settings(
            max_examples=lives,
            stateful_step_count=STEPS,
            phases=phases,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            report_multiple_bugs=False,
        ),
    )


@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("part", range(-(-LIVES // LIVES_PER_PART)))
def test_no_life_loses_creates_or_misplaces_money(stage: Stage, part: int) -> None:
    lives = min(LIVES_PER_PART, LIVES - part * LIVES_PER_PART)

    play(stage, lives=lives, part=part)

    print(f"\nseed {SEED}, part {part}: {lives} lives of {STEPS} steps: {dict(stage.happened.most_common())}")  # noqa: T201 - the figures are the point of the long run


@pytest.mark.timeout(1_800)
@pytest.mark.skipif(LIVES < 4 * LIVES_PER_PART, reason="only a long run is long enough to meet everything")
def test_random_lives_meet_every_event(stage: Stage) -> None:
    # One part may miss a rare event; several together may not.
    for part in (0, 1, 2, 4):
        play(stage, lives=ENOUGH_TO_MEET_EVERYTHING, part=part, find_smallest=False)
        if set(stage.happened) >= EVENTS:
            return
    assert EVENTS - set(stage.happened) == set()


@pytest.mark.parametrize("broken", MUTANTS)
def test_the_machine_sees_what_is_broken(stage: Stage, monkeypatch: pytest.MonkeyPatch, broken: str) -> None:
    """The controls: the very lives that pass above fail as soon as one line of the program is wrong."""
    MUTANTS[broken](stage, monkeypatch)

    # What was drawn may not fit when it is played again, which says nothing about the program: then others are drawn.
    for part in range(3):
        with pytest.raises((AssertionError, BaseExceptionGroup, FlakyStrategyDefinition)) as seen:
            play(stage, lives=ENOUGH_TO_MEET_EVERYTHING, part=part * 4, find_smallest=False)
        if not seen.errisinstance(FlakyStrategyDefinition):
            break

    assert not seen.errisinstance(FlakyStrategyDefinition)
    assert "tests/property" in str(seen.traceback)
