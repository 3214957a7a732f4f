from __future__ import annotations

import pytest
from pydantic import ValidationError

from kro.core.config import DatabaseSettings, load_settings
from kro.core.database.address import database_dsn, pool_options, replica_options
from kro.core.database.embedded import Role
from kro.core.database.hosts import dsn_by_host

OWNER = {"username": "own", "password": "o/p"}
APP = {"username": "app", "password": "a@p"}


def settings(**given: object) -> DatabaseSettings:
    defaults = load_settings(environment="test", environ={}).database.model_dump()
    return DatabaseSettings.model_validate({**defaults, "embedded": False, "owner": OWNER, "app": APP, **given})


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"host": "db.internal"}, "postgresql://app:a%40p@/kro?host=db.internal&port=5432"),
        ({"host": "/run/kro"}, "postgresql://app:a%40p@/kro?host=%2Frun%2Fkro&port=5432"),
        ({"url": "postgres://x:y@db:6432/money"}, "postgresql://app:a%40p@db:6432/money"),
        ({"url": "postgresql://db"}, "postgresql://app:a%40p@db/kro"),
        ({"url": "postgresql:///kro?host=/run/kro"}, "postgresql://app:a%40p@/kro?host=%2Frun%2Fkro"),
        (
            {"host": "db", "ssl": True, "ca_file": "/etc/ca.pem"},
            "postgresql://app:a%40p@/kro?host=db&port=5432&sslmode=verify-full&sslrootcert=%2Fetc%2Fca.pem",
        ),
        # Of several hosts the one that takes writes, unless somebody knows better.
        (
            {"url": "postgresql://db1:5433,db2:5434/kro"},
            "postgresql://app:a%40p@db1:5433,db2:5434/kro?target_session_attrs=read-write",
        ),
        (
            {"url": "postgresql://db1,db2/kro?target_session_attrs=primary"},
            "postgresql://app:a%40p@db1,db2/kro?target_session_attrs=primary",
        ),
        (
            {"host": "db1,db2"},
            "postgresql://app:a%40p@/kro?host=db1%2Cdb2&port=5432&target_session_attrs=read-write",
        ),
    ],
)
def test_the_application_logs_in_as_itself_wherever_the_database_is(given: dict[str, object], expected: str) -> None:
    assert database_dsn(settings(**given), Role.APP) == expected


def test_behind_a_pooler_the_owner_and_whoever_listens_go_past_it() -> None:
    given = settings(url="postgresql://pooler:6432/kro", pooling="transaction", direct_url="postgresql://db1,db2/kro")
    options = pool_options(given)

    assert database_dsn(given, Role.OWNER) == "postgresql://own:o%2Fp@db1,db2/kro?target_session_attrs=read-write"
    assert options.dsn == "postgresql://app:a%40p@pooler:6432/kro"
    assert options.direct_dsn == "postgresql://app:a%40p@db1,db2/kro?target_session_attrs=read-write"


@pytest.mark.parametrize(
    ("pooling", "own_limits", "prepares"),
    [("none", True, True), ("transaction", False, False), ("transaction-prepared", False, True)],
)
def test_what_a_session_may_do_depends_on_the_pooler(pooling: str, own_limits: bool, prepares: bool) -> None:
    options = pool_options(settings(host="db", pooling=pooling, direct_url="postgresql://db/kro"))

    assert (options.own_limits, options.prepares) == (own_limits, prepares)


def test_a_pooler_without_a_way_past_it_is_refused() -> None:
    with pytest.raises(ValidationError, match="needs directUrl"):
        settings(host="pooler", pooling="transaction")


def test_the_replica_is_a_standby_reached_past_the_pooler_with_limits_of_our_own() -> None:
    pooled = {"host": "pooler", "pooling": "transaction", "direct_url": "postgresql://db1,db2/kro"}
    options = replica_options(settings(**pooled, replica_url="postgresql://db1,db2/kro"))

    assert options is not None
    assert options.dsn == "postgresql://app:a%40p@db1,db2/kro?target_session_attrs=standby"
    assert (options.own_limits, options.prepares, options.direct_dsn) == (True, True, None)
    assert replica_options(settings(**pooled)) is None


def test_the_embedded_server_has_no_replica() -> None:
    with pytest.raises(ValidationError, match="has no replica"):
        settings(embedded=True, replica_url="postgresql://db/kro")


@pytest.mark.parametrize(
    ("dsn", "expected"),
    [
        ("postgresql://a:b@db/kro", ["postgresql://a:b@db/kro"]),
        ("postgresql://a:b@/kro?host=%2Frun%2Fkro", ["postgresql://a:b@/kro?host=%2Frun%2Fkro"]),
        (
            "postgresql://a:b@db1:5433,db2/kro?target_session_attrs=read-write",
            [
                "postgresql://a:b@db1:5433/kro?target_session_attrs=read-write",
                "postgresql://a:b@db2/kro?target_session_attrs=read-write",
            ],
        ),
        (
            "postgresql://a:b@/kro?host=db1%2Cdb2&port=5432",
            ["postgresql://a:b@/kro?host=db1&port=5432", "postgresql://a:b@/kro?host=db2&port=5432"],
        ),
        (
            "postgresql://a:b@/kro?host=db1%2Cdb2&port=1%2C2",
            ["postgresql://a:b@/kro?host=db1&port=1", "postgresql://a:b@/kro?host=db2&port=2"],
        ),
    ],
)
def test_each_host_of_an_address_has_one_of_its_own(dsn: str, expected: list[str]) -> None:
    assert list(dsn_by_host(dsn)) == expected


def test_the_owner_of_a_url_without_further_credentials_is_the_one_inside_it() -> None:
    given = settings(url="postgresql://own:secret@db/kro", owner=None)

    assert database_dsn(given, Role.OWNER) == "postgresql://own:secret@db/kro"
    assert database_dsn(given, Role.APP) == "postgresql://app:a%40p@db/kro"
