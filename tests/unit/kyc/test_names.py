"""Which names are one person's: cases as Nigerian registers write them."""

from __future__ import annotations

from datetime import date

import pytest

from kro.core.kyc.identity import Matched, Mismatch, Names, NotFound, PersonOnRecord, Refused, Unknown
from kro.management.domain.identity_match import judge
from kro.utils.names import likeness, name_parts

BORN = date(1990, 1, 31)
AGREES = [
    ("Adaeze Okafor", "OKAFOR ADAEZE CHIOMA"),
    ("Ọláyínká Adéṣínà", "OLAYINKA ADESINA"),
    ("Ngọzi Ọbị", "NGOZI OBI"),
    ("Ade-Ojo Bola", "ADEOJO BOLA"),
    ("Bola Ade Ojo", "ADE-OJO, BOLA"),
    ("Musa Ibrahim", "IBRAHIM MUSA"),
    ("Mohammed Bello", "BELLO MUHAMMAD SANI"),
    ("Ɗanladi Ƙasimu", "DANLADI KASIMU"),
    ("Chukwuemeka Nwosu", "NWOSU CHUKWUEMKA"),
    ("Dr. Amina N'Diaye", "AMINA NDIAYE"),
    ("José Núñez", "JOSE NUNEZ"),
]
FOR_PEOPLE = [
    ("A. Okafor", "ADAEZE OKAFOR"),
    ("Joseph Ade", "JOSEPHINE ADE"),
    ("Chinedu Eze", "CHINWE EZE"),
    ("Bello Muhammed", "MUHAMMED BELLI"),
    ("John Smith", "JOHN SMYTHE"),
    ("Ngozi Obi", "NGOZI OBIORA"),
]
UNLIKE = [
    ("Grace Okoro", "PETER JAMES"),
    ("Tunde Bakare", "SEUN BAKARE"),
    ("Sola Ige", "SULE IGBO"),
    ("Ada Obi", "ADANNA EZE"),
    ("A O", "ADA OBI"),
]


def status(claimed: str, recorded: str, *, born: date | None = BORN) -> str:
    first, _, last = claimed.partition(" ")
    person = PersonOnRecord(Names(recorded, ""), born)
    return judge(Matched(person), names=Names(first, last), born=BORN).status


@pytest.mark.parametrize(("claimed", "recorded"), AGREES)
def test_one_person_however_written(claimed: str, recorded: str) -> None:
    assert status(claimed, recorded) == "verified", likeness(claimed, recorded)


@pytest.mark.parametrize(("claimed", "recorded"), FOR_PEOPLE)
def test_names_close_to_each_other_are_for_people(claimed: str, recorded: str) -> None:
    assert status(claimed, recorded) == "review", likeness(claimed, recorded)


@pytest.mark.parametrize(("claimed", "recorded"), UNLIKE)
def test_others_are_refused(claimed: str, recorded: str) -> None:
    assert status(claimed, recorded) == "refused", likeness(claimed, recorded)


@pytest.mark.parametrize(("born", "expected"), [(date(1990, 1, 30), "review"), (None, "review"), (BORN, "verified")])
def test_the_birthday_has_to_agree_too(born: date | None, expected: str) -> None:
    assert status("Ada Okafor", "OKAFOR ADA", born=born) == expected


def test_what_a_register_says_decides_what_becomes_of_a_check() -> None:
    answers = (Mismatch(), NotFound(), Refused("unauthorized"), Unknown("timeout"))

    found = [judge(answer, names=Names("Ada", "Obi"), born=BORN).status for answer in answers]

    assert found == ["refused", "refused", "review", "pending"]


def test_the_order_of_names_and_the_sides_make_no_difference_to_a_full_match() -> None:
    for one, other in (("Ada Obi", "OBI ADA"), ("OBI ADA", "Ada Obi")):
        assert likeness(one, other).score == 100


def test_titles_marks_and_apostrophes_are_no_part_of_a_name() -> None:
    assert name_parts("Alhaji (Dr.) Ṣọlá D\u2019Almeida-Ojo") == ("sola", "dalmeida", "ojo")
    assert name_parts("") == ()
