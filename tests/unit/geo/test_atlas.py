from __future__ import annotations

import os
from pathlib import Path

import pytest
from mmdb_writer import MMDBWriter
from netaddr import IPSet  # type: ignore[import-untyped] # ships no types

from kro.core.geo import EmptyAtlas, GeoFile, open_atlas

LAGOS, NOWHERE = "102.89.23.1", "203.0.113.9"


def _write(path: Path, record: dict[str, object], *, network: str = "102.89.0.0/16") -> Path:
    writer = MMDBWriter(ip_version=6, ipv4_compatible=True, database_type="KRO-Test-City", languages=["en"])
    writer.insert_network(IPSet([network]), record)
    writer.to_db_file(str(path))
    return path


@pytest.mark.parametrize(
    "record",
    [{"country": {"iso_code": "NG", "names": {"en": "Nigeria"}}}, {"country_code": "ng", "city": "Lagos"}],
    ids=["geoip2", "flat"],
)
def test_both_layouts_name_the_country(tmp_path: Path, record: dict[str, object]) -> None:
    atlas = GeoFile(_write(tmp_path / "geo.mmdb", record))

    assert atlas.country_of(LAGOS) == "NG"


@pytest.mark.parametrize("ip", [None, "", "not an address", NOWHERE, "10.0.0.1", "::1", "2001:db8::1", f"{LAGOS}:80"])
def test_whatever_is_not_in_the_file_is_unknown(tmp_path: Path, ip: str | None) -> None:
    atlas = GeoFile(_write(tmp_path / "geo.mmdb", {"country_code": "NG"}))

    assert atlas.country_of(ip) is None


@pytest.mark.parametrize("code", ["", "N", "NGA", "1!", 7, None])
def test_what_is_no_country_code_is_unknown(tmp_path: Path, code: object) -> None:
    atlas = GeoFile(_write(tmp_path / "geo.mmdb", {"country_code": code} if code is not None else {"x": "y"}))

    assert atlas.country_of(LAGOS) is None


def test_a_missing_file_and_a_broken_one_lock_nobody_out(tmp_path: Path) -> None:
    broken = tmp_path / "broken.mmdb"
    broken.write_bytes(b"not a database" * 100)

    assert GeoFile(tmp_path / "missing.mmdb").country_of(LAGOS) is None
    assert GeoFile(broken).country_of(LAGOS) is None
    assert isinstance(open_atlas(None), EmptyAtlas)
    assert open_atlas(None).country_of(LAGOS) is None


def test_a_newer_file_is_taken_within_a_minute(tmp_path: Path) -> None:
    now = 0.0
    path = _write(tmp_path / "geo.mmdb", {"country_code": "NG"})
    atlas = GeoFile(path, ticks=lambda: now)
    assert atlas.country_of(LAGOS) == "NG"

    newer = _write(tmp_path / "newer.mmdb", {"country_code": "GH"})
    os.utime(newer, ns=(1, 1))
    newer.replace(path)
    now = 59.0
    assert atlas.country_of(LAGOS) == "NG"
    now = 60.0
    assert atlas.country_of(LAGOS) == "GH"


def test_a_file_that_disappears_goes_on_serving(tmp_path: Path) -> None:
    now = 0.0
    path = _write(tmp_path / "geo.mmdb", {"country_code": "NG"})
    atlas = GeoFile(path, ticks=lambda: now)
    assert atlas.country_of(LAGOS) == "NG"

    path.unlink()
    now = 120.0

    assert atlas.country_of(LAGOS) == "NG"
