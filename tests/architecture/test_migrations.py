"""No migration stops those who use the database meanwhile: squawk's rules, two of ours, and negative controls."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from kro.core.database import migrate as migrating
from kro.core.database.migrate import emitted_sql, head_revision, scripts
from more_migrations import Migrations, forget

FIRST_UNDER_TRAFFIC: Final = "0041"
SQUAWK: Final = Path(sys.executable).with_name("squawk")
TASTE: Final = ("prefer-bigint-over-int", "prefer-bigint-over-smallint", "prefer-text-field")
SET_BY_THE_SESSION: Final = ("require-lock-timeout", "require-statement-timeout")

# Made before the first release: no database that had rows in it was ever at a revision before these, so whatever they
# lock, scan or drop is empty. Exactly these, so that nothing is added to a migration by and by.
BEFORE_THE_FIRST_RELEASE: Final[dict[str, str]] = {
    "0003": "ban-drop-constraint",
    "0004": "backfill-in-migration require-concurrent-index-creation",
    "0005": ("adding-foreign-key-constraint constraint-missing-not-valid require-concurrent-index-creation"),
    "0006": "backfill-in-migration",
    "0007": (
        "adding-foreign-key-constraint ban-drop-constraint ban-drop-default ban-drop-not-null "
        "constraint-missing-not-valid disallowed-unique-constraint "
        "require-concurrent-index-creation"
    ),
    "0008": "constraint-missing-not-valid require-concurrent-index-creation",
    "0009": "require-concurrent-index-creation",
    "0011": "ban-drop-constraint constraint-missing-not-valid require-concurrent-index-creation",
    "0013": "constraint-missing-not-valid",
    "0014": (
        "backfill-in-migration ban-drop-constraint constraint-missing-not-valid require-concurrent-index-creation"
    ),
    "0016": "backfill-in-migration constraint-missing-not-valid require-concurrent-index-creation",
    "0017": "backfill-in-migration ban-drop-constraint constraint-missing-not-valid",
    "0019": "ban-drop-constraint constraint-missing-not-valid require-concurrent-index-creation",
    "0021": "require-concurrent-index-creation",
    "0023": (
        "adding-foreign-key-constraint ban-drop-constraint ban-drop-not-null "
        "constraint-missing-not-valid require-concurrent-index-creation"
    ),
    "0025": "require-concurrent-index-creation",
    "0029": ("ban-drop-constraint ban-drop-not-null constraint-missing-not-valid require-concurrent-index-creation"),
    "0031": "ban-drop-constraint constraint-missing-not-valid require-concurrent-index-creation",
    "0033": "ban-drop-constraint constraint-missing-not-valid",
    "0034": "backfill-in-migration",
    "0035": "require-concurrent-index-creation",
    "0039": "renaming-object",
}

# A body in dollars runs when it is called, a comment and a string not at all.
UNSEEN: Final = re.compile(r"(\$\w*\$).*?\1|--[^\n]*|'(?:[^']|'')*'", re.DOTALL)
FILLS: Final = re.compile(
    r"\s*(UPDATE|DELETE|MERGE|DO|WITH\b.*\b(UPDATE|DELETE|INSERT)|INSERT\b.*\bSELECT)\b", re.IGNORECASE | re.DOTALL
)
FEW_ROWS: Final = re.compile(r"^-- few rows: \w.*\n(.*?)(;|$)", re.MULTILINE | re.DOTALL)


def findings(sql: str) -> set[str]:
    """Return the names of the rules that SQL breaks."""
    asked = [str(SQUAWK), "--reporter", "json", "--pg-version", "14", "--exclude", ",".join(TASTE + SET_BY_THE_SESSION)]
    found = subprocess.run(
        [*asked, "--stdin-filepath", "x.sql"], input=sql, capture_output=True, text=True, check=False
    )
    return {one["rule_name"] for one in json.loads(found.stdout)} | set(_ours(sql))


def _ours(sql: str) -> Iterator[str]:
    # What says above itself that it changes few rows, and why, may.
    statements = UNSEEN.sub("", FEW_ROWS.sub("", sql)).split(";")
    changing = [one for one in statements if FILLS.match(one) and "alembic_version" not in one]
    if changing:
        yield "backfill-in-migration"
    if len([one for one in statements if re.search(r"\bCONCURRENTLY\b", one) and "CREATE" in one]) > 1:
        yield "one-concurrent-index-per-migration"


def revisions() -> list[str]:
    return sorted(script.revision for script in scripts().walk_revisions())


def test_there_is_one_head_and_a_line_to_it() -> None:
    numbers = revisions()

    assert scripts().get_heads() == [head_revision()]
    assert numbers == [f"{n:04}" for n in range(1, len(numbers) + 1)]


@pytest.mark.parametrize("revision", revisions())
def test_a_migration_stops_nobody(revision: str) -> None:
    found = findings(emitted_sql(revision))

    assert found == set(BEFORE_THE_FIRST_RELEASE.get(revision, "").split())


def test_the_exceptions_end_with_the_first_release() -> None:
    assert max(BEFORE_THE_FIRST_RELEASE) < FIRST_UNDER_TRAFFIC


@pytest.mark.parametrize("revision", [one for one in revisions() if one >= FIRST_UNDER_TRAFFIC])
def test_a_migration_says_which_program_it_still_serves(revision: str) -> None:
    said = getattr(scripts().get_revision(revision).module, "oldest_program", None)

    assert isinstance(said, str)
    assert re.fullmatch(r"\d{4}", said)
    assert said <= revision


BAD: Final = {
    "require-concurrent-index-creation": "CREATE INDEX ix ON orders (title)",
    "require-concurrent-index-deletion": "DROP INDEX ix_orders",
    "ban-concurrent-index-creation-in-transaction": (
        "BEGIN; ALTER TABLE orders ADD COLUMN extra text; CREATE INDEX CONCURRENTLY IF NOT EXISTS ix ON t (a); COMMIT"
    ),
    "constraint-missing-not-valid": "ALTER TABLE orders ADD CONSTRAINT ck CHECK (price > 0)",
    "adding-foreign-key-constraint": (
        "ALTER TABLE orders ADD CONSTRAINT fk FOREIGN KEY (buyer_id) REFERENCES users (id)"
    ),
    "disallowed-unique-constraint": "ALTER TABLE orders ADD CONSTRAINT uq UNIQUE (title)",
    "adding-not-nullable-field": "ALTER TABLE orders ALTER COLUMN title SET NOT NULL",
    "adding-required-field": "ALTER TABLE orders ADD COLUMN extra text NOT NULL",
    "changing-column-type": "ALTER TABLE orders ALTER COLUMN title TYPE varchar(10)",
    "renaming-column": "ALTER TABLE orders RENAME COLUMN title TO heading",
    "ban-drop-column": "ALTER TABLE orders DROP COLUMN title",
    "ban-drop-table": "DROP TABLE rate_limits",
    "adding-field-with-default": "ALTER TABLE orders ADD COLUMN extra uuid DEFAULT gen_random_uuid()",
    "backfill-in-migration": "UPDATE orders SET title = upper(title)",
    "one-concurrent-index-per-migration": (
        "CREATE INDEX CONCURRENTLY IF NOT EXISTS a ON t (a); CREATE INDEX CONCURRENTLY IF NOT EXISTS b ON t (b)"
    ),
}


@pytest.mark.parametrize(("rule", "sql"), BAD.items(), ids=BAD)
def test_a_bad_one_is_found(rule: str, sql: str) -> None:
    assert rule in findings(f"{sql};")


def test_validating_in_the_transaction_that_adds_is_found() -> None:
    added = "ALTER TABLE orders ADD CONSTRAINT ck CHECK (price > 0) NOT VALID;"

    assert findings(f"BEGIN; {added} COMMIT;") == set()
    assert findings(f"BEGIN; {added} ALTER TABLE orders VALIDATE CONSTRAINT ck; COMMIT;") == {
        "constraint-missing-not-valid"
    }


@pytest.mark.parametrize(
    "sql",
    [
        "WITH many AS (SELECT 1) UPDATE orders SET title = ''",
        "INSERT INTO rate_limits SELECT * FROM other",
        "DELETE FROM timers",
        "DO $$ BEGIN UPDATE orders SET title = ''; END $$",
    ],
)
def test_rows_are_not_changed_in_another_guise(sql: str) -> None:
    assert findings(f"{sql};") == {"backfill-in-migration"}
    assert findings(f"-- few rows: one for each vendor\n{sql};") == set()


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE made (id bigint PRIMARY KEY, name text NOT NULL); CREATE INDEX ix ON made (name)",
        "ALTER TABLE orders ADD COLUMN extra text",
        "ALTER TABLE orders ADD COLUMN extra bigint NOT NULL DEFAULT 0",
        "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN UPDATE orders SET title = ''; END $$",
        "INSERT INTO kyc_tier_limits (tier) VALUES (1)",
    ],
)
def test_a_good_one_is_not(sql: str) -> None:
    assert findings(f"BEGIN; {sql}; COMMIT;") == set()


def test_what_is_looked_at_is_what_a_migration_sends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    more = Migrations(tmp_path / "migrations")
    monkeypatch.setattr(migrating, "_PLACES", (more.folder,))
    forget()
    try:
        bad = more.add("ALTER TABLE orders DROP COLUMN title")
        good = more.add("CREATE INDEX CONCURRENTLY IF NOT EXISTS ix ON orders (title)", concurrently=True)
        forget()

        assert findings(emitted_sql(bad)) == {"ban-drop-column"}
        assert findings(emitted_sql(good)) == set()
    finally:
        forget()
