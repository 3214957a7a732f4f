"""Values of the predecessor become ours exactly, or are refused."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from kro.predecessor.errors import MappingInvalidError, UnfitError
from kro.predecessor.mapping import Transform, load_mapping
from kro.predecessor.report import Finding, Report, Side
from kro.predecessor.rows import Reader
from kro.predecessor.values import minor_units, moment, plain, whole


class TestMoney:
    @pytest.mark.parametrize(
        ("text", "currency", "minor"),
        [
            ("0.01", "NGN", 1),
            ("150000", "NGN", 15_000_000),
            ("-5.00", "NGN", -500),
            ("90071992547409.91", "NGN", 9_007_199_254_740_991),
            ("1.10", "NGN", 110),
            ("7", "JPY", 7),
            ("1.234", "KWD", 1_234),
        ],
    )
    def test_is_exact(self, text: str, currency: str, minor: int) -> None:
        assert whole(minor_units(text, currency, is_major=True)) == minor

    def test_may_be_written_in_minor_units(self) -> None:
        assert whole(minor_units("150000", "NGN", is_major=False)) == 150_000

    @pytest.mark.parametrize(
        ("text", "currency", "code"),
        [
            ("100.005", "NGN", "not_exact"),
            ("0.5", "JPY", "not_exact"),
            ("90071992547409.92", "NGN", "out_of_range"),
            ("1e3", "NGN", "not_a_number"),
            ("NaN", "NGN", "not_a_number"),
            ("1,000.00", "NGN", "not_a_number"),
            ("", "NGN", "not_a_number"),
            ("1.00", "XXX", "unknown_currency"),
        ],
    )
    def test_is_never_rounded_or_guessed(self, text: str, currency: str, code: str) -> None:
        with pytest.raises(UnfitError) as refusal:
            whole(minor_units(text, currency, is_major=True))

        assert refusal.value.code == code


class TestTimes:
    @pytest.mark.parametrize(
        ("text", "zone", "utc"),
        [
            ("2026-01-05 10:00:00", "Africa/Lagos", "2026-01-05T09:00:00+00:00"),
            ("2026-01-05 10:00:00.5", "UTC", "2026-01-05T10:00:00.500000+00:00"),
            ("2026-01-05 10:00:00+03", "Africa/Lagos", "2026-01-05T07:00:00+00:00"),
        ],
    )
    def test_without_a_zone_were_written_in_the_configured_one(self, text: str, zone: str, utc: str) -> None:
        assert moment(text, ZoneInfo(zone)).isoformat() == utc

    @pytest.mark.parametrize("text", ["infinity", "yesterday", "0001-01-01 00:00:00"])
    def test_that_are_none_are_refused(self, text: str) -> None:
        with pytest.raises(UnfitError, match="not_a_time"):
            moment(text, ZoneInfo("Africa/Lagos"))


@pytest.mark.parametrize(
    ("transform", "text", "value"),
    [
        (Transform.PHONE, "0803 123 4501", "+2348031234501"),
        (Transform.EMAIL, " Ada@Example.COM ", "ada@example.com"),
        (Transform.FLAG, "t", True),
        (Transform.TEXT, "Ada\x00 🦊 ", "Ada 🦊"),
        (Transform.CURRENCY, "ngn", "NGN"),
    ],
)
def test_plain_values(transform: Transform, text: str, value: object) -> None:
    assert plain(transform, text) == value


@pytest.mark.parametrize(
    ("transform", "text", "code"),
    [
        (Transform.PHONE, "12", "phone_invalid"),
        (Transform.EMAIL, "nobody", "email_invalid"),
        (Transform.FLAG, "perhaps", "not_a_flag"),
        (Transform.INTEGER, "1.5", "not_a_number"),
        (Transform.PASSWORD, "plain text", "password_unreadable"),
    ],
)
def test_values_that_do_not_fit(transform: Transform, text: str, code: str) -> None:
    with pytest.raises(UnfitError) as refusal:
        plain(transform, text)

    assert refusal.value.code == code


class TestMapping:
    def test_finds_columns_in_either_habit(self) -> None:
        mapping = load_mapping(None)
        table = mapping.tables["kro_balance"]

        camel = Reader.of("kro_balance", table, mapping, frozenset({"id", "userId", "availableBalance"}))
        snake = Reader.of("kro_balance", table, mapping, frozenset({"id", "user_id", "available_balance"}))

        assert camel.columns == {"user": "userId", "available": "availableBalance"}
        assert snake.columns == {"user": "user_id", "available": "available_balance"}

    @pytest.mark.parametrize(
        ("document", "place"),
        [
            ({"zone": "Mars/Olympus"}, "zone"),
            (
                {"tables": {"users": {"fields": {"phone": {"transform": "rot13"}}}}},
                "tables.users.fields.phone.transform",
            ),
            ({"tables": {"users": {"fields": {"phone": {"colums": []}}}}}, "tables.users.fields.phone.colums"),
            ({"tables": {"users": {"fields": {"phone": None}}}}, "users.phone"),
            ({"tables": {"wallets": {"table": "wallets", "fields": {}}}}, "tables.wallets"),
        ],
    )
    def test_says_where_it_is_wrong(self, tmp_path: Path, document: object, place: str) -> None:
        file = tmp_path / "mapping.json"
        file.write_text(json.dumps(document))

        with pytest.raises(MappingInvalidError, match=place.replace(".", r"\.")):
            load_mapping(file)

    def test_is_laid_over_part_by_part(self, tmp_path: Path) -> None:
        file = tmp_path / "mapping.json"
        file.write_text(json.dumps({"tables": {"users": {"table": "people"}, "refunds": None}}))

        mapping = load_mapping(file)

        assert mapping.tables["users"].table == "people"
        assert mapping.tables["users"].fields["phone"].transform is Transform.PHONE
        assert "refunds" not in mapping.tables


class TestReport:
    def test_fits_when_what_stays_behind_was_accepted_and_explains_the_difference(self) -> None:
        report = Report(is_dry=True, accepted=["kro_balance:7:negative"])
        report.owes(Side.AVAILABLE, "NGN", 100)
        report.posted[Side.AVAILABLE, "NGN"] = 150
        assert not report.fits

        report.add(
            Finding("kro_balance", "7", "negative", "available", is_money=True, side=Side.AVAILABLE, currency="NGN",
                    amount=Decimal(-50))
        )  # fmt: skip

        assert report.unexplained(Side.AVAILABLE, "NGN") == 0
        assert report.fits

    def test_does_not_fit_by_a_fraction_of_a_kobo(self) -> None:
        report = Report(is_dry=True)
        report.owes(Side.HELD, "NGN", Decimal("100.5"))
        report.posted[Side.HELD, "NGN"] = 100

        assert not report.fits
        assert report.told()["totals_in_minor_units"][0]["unexplained"] == "0.5"
