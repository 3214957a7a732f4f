from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal
from uuid import UUID

import pytest
from pydantic import Field, ValidationError

from kro.core.http import Input, Line, MoneyIn, MoneyOut, Paragraphs, QueryInput
from kro.core.http.validation import to_error
from kro.core.money import Money


class Kind(StrEnum):
    GOODS = "goods"
    SERVICE = "service"


class Part(Input):
    label: Line
    weight: int = 1


class Everything(Input):
    title: Line = "x"
    story: Paragraphs | None = None
    note: str = ""
    long: str = Field(default="", max_length=5_000)
    kind: Kind = Kind.GOODS
    kinds: list[Kind] = Field(default_factory=list)
    positions: tuple[int, ...] = ()
    parts: tuple[Part, ...] = ()
    day: date | None = None
    token: UUID | None = None
    ratio: float = 0.0
    price: Decimal | None = None
    active: bool = False
    mode: Literal["fast", 2] = "fast"
    facts: dict[str, int] = Field(default_factory=dict)
    anything: Any = None


def refused(value: dict[str, Any], model: type[Input] = Everything) -> list[tuple[str, str]]:
    with pytest.raises(ValidationError) as refusal:
        model.model_validate(value)
    details = [{**detail, "loc": ("body", *detail["loc"])} for detail in refusal.value.errors()]
    return [(field.pointer, field.code) for field in to_error(details).errors]


class TestTypes:
    def test_are_read_from_their_json_forms(self) -> None:
        read = Everything.model_validate(
            {
                "kind": "service",
                "kinds": ["goods"],
                "positions": [1, 2],
                "parts": [{"label": "a"}],
                "day": "2026-01-15",
                "token": "01890a5d-ac96-774b-bcce-b302099a8057",
                "ratio": 1,
                "price": "1.50",
                "mode": 2,
                "facts": {"a": 1},
                "anything": [None],
            }
        )

        assert read.kind is Kind.SERVICE
        assert read.kinds == [Kind.GOODS]
        assert read.positions == (1, 2)
        assert read.parts == (Part(label="a"),)
        assert read.day == date(2026, 1, 15)
        assert read.price == Decimal("1.50")

    @pytest.mark.parametrize(
        ("value", "pointer"),
        [
            ({"title": 1}, "/title"),
            ({"title": None}, "/title"),
            ({"kind": 1}, "/kind"),
            ({"kinds": "goods"}, "/kinds"),
            ({"kinds": [1]}, "/kinds"),
            ({"positions": ["1"]}, "/positions"),
            ({"positions": [True]}, "/positions"),
            ({"positions": [1.0]}, "/positions"),
            ({"parts": [{"label": "a", "weight": "1"}]}, "/parts/0/weight"),
            ({"day": 1_700_000_000}, "/day"),
            ({"ratio": "1"}, "/ratio"),
            ({"ratio": True}, "/ratio"),
            ({"price": 1.5}, "/price"),
            ({"active": 1}, "/active"),
            ({"active": "true"}, "/active"),
            ({"mode": True}, "/mode"),
            ({"facts": {"a": "1"}}, "/facts"),
        ],
    )
    def test_are_never_converted(self, value: dict[str, Any], pointer: str) -> None:
        assert refused(value) == [(pointer, "wrong_type")]

    def test_a_value_outside_an_enum_is_not_allowed(self) -> None:
        assert refused({"kind": "theft", "mode": "slow"}) == [("/kind", "not_allowed"), ("/mode", "not_allowed")]

    def test_unknown_fields_are_refused_by_name(self) -> None:
        found = refused({"role": "admin", "parts": [{"label": "a", "a/b~c": 1}]})

        assert found == [("/parts/0/a~1b~0c", "unknown_field"), ("/role", "unknown_field")]

    def test_a_missing_field_is_required(self) -> None:
        assert refused({}, Part) == [("/label", "required")]


class TestTexts:
    def test_arrive_composed(self) -> None:
        assert Everything(title="Ade\u0301").title == "Adé"

    def test_lines_are_trimmed(self) -> None:
        assert Everything(title="  a b  ").title == "a b"

    def test_paragraphs_keep_their_line_breaks(self) -> None:
        assert Everything(story="a\r\nb\tc\n").story == "a\nb\tc"

    @pytest.mark.parametrize(
        "bad", ["a\nb", "a\x00b", "a\x1b[31m", "a\u202eb", "a\u2066b", "a\ud800b", "\ue000", "a\x7f"]
    )
    def test_control_characters_are_refused(self, bad: str) -> None:
        assert refused({"note": bad}) == [("/note", "forbidden_character")]

    @pytest.mark.parametrize("bad", ["a\x00b", "a\u202eb", "a\rb"])
    def test_paragraphs_take_no_other_control_characters(self, bad: str) -> None:
        assert refused({"story": bad}) == [("/story", "forbidden_character")]

    def test_emoji_and_other_scripts_are_welcome(self) -> None:
        assert Everything(title="Ọjà 🏠 市場").title == "Ọjà 🏠 市場"

    @pytest.mark.parametrize(
        ("value", "found"),
        [
            ({"title": ""}, ("/title", "too_short")),
            ({"title": "   "}, ("/title", "too_short")),
            ({"title": "x" * 201}, ("/title", "too_long")),
            ({"note": "x" * 2_001}, ("/note", "too_long")),
            ({"story": "x" * 2_001}, ("/story", "too_long")),
            ({"long": "x" * 5_001}, ("/long", "too_long")),
            ({"kinds": ["goods"] * 101}, ("/kinds", "too_many_items")),
        ],
    )
    def test_have_a_length(self, value: dict[str, Any], found: tuple[str, str]) -> None:
        assert refused(value) == [found]

    def test_a_field_may_be_longer_than_usual(self) -> None:
        assert len(Everything(long="x" * 5_000).long) == 5_000


class TestMoney:
    @pytest.mark.parametrize("amount", [1, 150_000, 2**53 - 1])
    def test_is_a_whole_number_of_minor_units(self, amount: int) -> None:
        money = MoneyIn.model_validate({"amount": amount, "currency": "NGN"}).to_money()

        assert money == Money(amount, "NGN")
        assert MoneyOut.of(money).model_dump() == {"amount": amount, "currency": "NGN"}

    @pytest.mark.parametrize(
        ("amount", "code"),
        [
            (1500.0, "wrong_type"),
            ("1500", "wrong_type"),
            (True, "wrong_type"),
            (None, "wrong_type"),
            (0, "out_of_range"),
            (-1, "out_of_range"),
            (2**53, "out_of_range"),
            (10**30, "out_of_range"),
        ],
    )
    def test_takes_nothing_else(self, amount: object, code: str) -> None:
        assert refused({"amount": amount, "currency": "NGN"}, MoneyIn) == [("/amount", code)]

    @pytest.mark.parametrize("currency", ["ngn", "XXX", "", "NGN "])
    def test_of_an_unknown_currency_is_refused(self, currency: str) -> None:
        assert refused({"amount": 1, "currency": currency}, MoneyIn) == [("/currency", "unknown_currency")]


def test_query_models_refuse_control_characters() -> None:
    class Filters(QueryInput):
        status: str | None = None

    with pytest.raises(ValidationError, match="Control characters"):
        Filters.model_validate({"status": "a\x00"})


def test_errors_never_repeat_the_input() -> None:
    with pytest.raises(ValidationError) as refusal:
        Everything.model_validate({"title": ["canary"], "canary-field": "canary"})

    assert "canary'" not in str(refusal.value)
