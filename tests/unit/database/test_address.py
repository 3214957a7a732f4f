from __future__ import annotations

import pytest

from kro.core.config import DatabaseSettings, load_settings
from kro.core.database.address import database_dsn
from kro.core.database.embedded import Role

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
    ],
)
def test_the_application_logs_in_as_itself_wherever_the_database_is(given: dict[str, object], expected: str) -> None:
    assert database_dsn(settings(**given), Role.APP) == expected


def test_the_owner_of_a_url_without_further_credentials_is_the_one_inside_it() -> None:
    given = settings(url="postgresql://own:secret@db/kro", owner=None)

    assert database_dsn(given, Role.OWNER) == "postgresql://own:secret@db/kro"
    assert database_dsn(given, Role.APP) == "postgresql://app:a%40p@db/kro"
