from __future__ import annotations

import pytest

from kro.management.domain.name_match import match_names, weaker
from kro.payment.domain import NameMatch


@pytest.mark.parametrize(
    "account_name",
    [
        "CHIDI OKAFOR",
        "OKAFOR CHIDI EMMANUEL",
        "Okafor, Chidi",
        "MR. CHIDI  OKAFOR",
        "CHÍDÌ ÒKÀFOR",
        "OKAFOR-CHIDI",
        "CHIDI O'KAFOR",
    ],
)
def test_every_part_of_the_name_in_any_order_is_a_match(account_name: str) -> None:
    assert match_names(account_name, first_name="Chidi", last_name="Okafor") is NameMatch.MATCH


@pytest.mark.parametrize("account_name", ["C OKAFOR", "CHIDI NWOSU", "OKAFOR ENTERPRISES LTD"])
def test_one_part_alone_is_a_partial_match(account_name: str) -> None:
    assert match_names(account_name, first_name="Chidi", last_name="Okafor") is NameMatch.PARTIAL


@pytest.mark.parametrize("account_name", ["ADA BELLO", "C O", "", "1234 5678", "CHIDINMA OKAFORS"])
def test_nothing_in_common_is_a_mismatch(account_name: str) -> None:
    assert match_names(account_name, first_name="Chidi", last_name="Okafor") is NameMatch.MISMATCH


def test_a_title_or_an_initial_in_common_is_nothing() -> None:
    assert match_names("MR BELLO A", first_name="Mr A", last_name="Okafor") is NameMatch.MISMATCH


def test_the_same_name_twice_has_to_be_there_twice() -> None:
    assert match_names("MUSA BELLO", first_name="Musa", last_name="Musa") is NameMatch.PARTIAL
    assert match_names("MUSA BELLO MUSA", first_name="Musa", last_name="Musa") is NameMatch.MATCH


def test_one_name_alone_is_never_a_match() -> None:
    assert match_names("CHIDI OKAFOR", first_name="Chidi", last_name="") is NameMatch.PARTIAL


def test_full_width_letters_and_hidden_marks_do_not_pass_for_others() -> None:
    wide = "\uff23\uff28\uff29\uff24\uff29\u200bOKAFOR"
    assert match_names(wide, first_name="Chidi", last_name="Okafor") is NameMatch.MATCH
    # A Cyrillic letter looks the same and is another letter.
    assert match_names("CHIDI \u041eKAFOR", first_name="Chidi", last_name="Okafor") is NameMatch.PARTIAL


def test_the_less_trusted_comparison_counts() -> None:
    assert weaker(NameMatch.MATCH, NameMatch.PARTIAL) is NameMatch.PARTIAL
    assert weaker(NameMatch.MISMATCH, NameMatch.MATCH) is NameMatch.MISMATCH
