from dataclasses import replace

import pytest

from kro.core.database.migrate import head_revision
from kro.core.database.startup import (
    SCHEMA_REVISION,
    DatabaseRefusedError,
    Facts,
    clock_ahead,
    faults_by_check,
    find_faults,
)

NEEDS = "this program needs 0007 (run `kro migrate`)"
SOUND = Facts(
    fsync="on",
    full_page_writes="on",
    synchronous_commit="on",
    time_zone="UTC",
    role="kro_app",
    owned=0,
    writable=(),
    replication_role="origin",
    unguarded=(),
    revision="0007",
)


def test_a_sound_database_has_none() -> None:
    assert find_faults(SOUND, revision="0007") == []


@pytest.mark.parametrize("oldest", ["0003", "0006", "0007"])
def test_a_newer_schema_that_says_it_runs_this_program_has_none(oldest: str) -> None:
    assert find_faults(replace(SOUND, revision="0012", oldest_program=oldest), revision="0007") == []


@pytest.mark.parametrize("level", ["local", "remote_write", "remote_apply"])
def test_any_commit_that_waits_for_the_disk_will_do(level: str) -> None:
    assert find_faults(replace(SOUND, synchronous_commit=level), revision="0007") == []


@pytest.mark.parametrize(
    ("facts", "fault"),
    [
        (replace(SOUND, fsync="off"), "fsync is off"),
        (replace(SOUND, full_page_writes="off"), "full_page_writes is off"),
        (replace(SOUND, synchronous_commit="off"), "synchronous_commit is off"),
        (replace(SOUND, time_zone="Africa/Lagos"), "its time zone is Africa/Lagos, not UTC"),
        (
            replace(SOUND, revision="0006"),
            "its schema is at revision 0006, this program needs 0007 (run `kro migrate`)",
        ),
        (
            replace(SOUND, revision="0008"),
            (
                "its schema is at revision 0008, on which no program older than 0008 runs;"
                " this one is of 0007 (start a newer release)"
            ),
        ),
        (
            replace(SOUND, revision="0010", oldest_program="0009"),
            (
                "its schema is at revision 0010, on which no program older than 0009 runs;"
                " this one is of 0007 (start a newer release)"
            ),
        ),
        (replace(SOUND, revision=None), f"it has no schema, {NEEDS}"),
        (replace(SOUND, owned=3), "the role kro_app owns 3 tables, so it could switch their protection off"),
        (
            replace(SOUND, writable=("ledger_entries",)),
            "the role kro_app may write to ledger_entries past the posting function",
        ),
        (replace(SOUND, ahead_seconds=5.6), "its clock is 6 seconds ahead of this machine's"),
        (replace(SOUND, ahead_seconds=-3600.0), "its clock is 3600 seconds behind this machine's"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_is_named(facts: Facts, fault: str) -> None:
    assert find_faults(facts, revision="0007") == [fault]


@pytest.mark.parametrize(
    ("now", "ahead"), [(99.0, -1.0), (100.0, 0.0), (107.0, 0.0), (110.0, 0.0), (112.5, 2.5)], ids=str
)
def test_a_clock_is_off_by_what_the_way_of_the_question_does_not_explain(now: float, ahead: float) -> None:
    assert clock_ahead(now, before=100.0, after=110.0) == ahead


def test_checks_are_named_also_when_they_pass() -> None:
    found = faults_by_check(replace(SOUND, fsync="off"), revision="0007")

    assert found == {
        "durability": ["fsync is off"],
        "time": [],
        "schema": [],
        "role": [],
        "triggers": [],
        "session": [],
    }


def test_several_are_one_sentence() -> None:
    refused = DatabaseRefusedError(find_faults(replace(SOUND, fsync="off", revision=None), revision="0007"))

    assert str(refused) == (
        "The database cannot be entrusted with money: fsync is off; it has no schema, this program needs 0007"
        " (run `kro migrate`)."
    )


def test_the_code_names_the_newest_migration() -> None:
    assert head_revision() == SCHEMA_REVISION
