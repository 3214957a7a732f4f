"""The look into a database at the end of its test finds a secret in whatever form it was stored."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from canaries import forget_sent, remember_sent
from kro.core.database.embedded import Role
from kro.core.database.pool import Database
from stored import stored_secrets

PUT = "INSERT INTO found (id, {column}) VALUES (1, {value})"
FORMS = {
    "a text": ("words", "'402913 is your KRO code to log in.'", "code in words"),
    "a column by its name": ("code", "'402913'", "code"),
    "a member": ("facts", """'{"body": {"otp": "402913"}}'""", "code"),
    "JSON in a text": ("words", """'{"body": "{\\"code\\": \\"402913\\"}"}'""", "code"),
    "bytes": ("raw", "convert_to('pin 22871936450', 'UTF8')", "BVN or NIN"),
    "what a person was sent": ("words", "'pin 730184'", "sent"),
    "a vendor's key": ("words", "'sk_test_kro_sandbox_0000000000000000000000'", "key"),
}


@pytest.mark.parametrize(("column", "value", "kind"), FORMS.values(), ids=FORMS)
async def test_a_secret_is_seen(
    column: str, value: str, kind: str, owner_database: Database, fresh_database: Any
) -> None:
    await owner_database.execute("CREATE TABLE found (id integer, words text, code text, facts jsonb, raw bytea)")
    await owner_database.execute(PUT.format(column=column, value=value))
    remember_sent(["730184 opens the door"])

    found = await stored_secrets(fresh_database.dsn(Role.ADMIN))
    forget_sent()
    await owner_database.execute("DROP TABLE found")

    assert [leak.partition(":")[0] for leak in found] == [kind]
    assert "found {" in found[0]


async def test_what_is_hashed_sealed_or_shortened_is_not(owner_database: Database, fresh_database: Any) -> None:
    sealed = base64.urlsafe_b64encode(bytes(range(200))).decode()
    await owner_database.execute("CREATE TABLE found (id integer, words text, raw bytea)")
    await owner_database.execute(
        "INSERT INTO found VALUES (1, $1, sha256('402913')), (2, '******6789', NULL), (402913, '730184.5', NULL)",
        f"v1.e1.{sealed}",
    )
    remember_sent(["730184 opens the door"])

    found = await stored_secrets(fresh_database.dsn(Role.ADMIN))
    forget_sent()

    assert found == []
