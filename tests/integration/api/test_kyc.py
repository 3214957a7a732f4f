"""Proving who one is, over HTTP: given, looked up outside, decided by people where registers leave it open."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest

from admin_desk import Admin, at_desk
from kro.core.actor import SYSTEM
from kro.core.auth.permissions import Role
from kro.core.database.pool import Database
from kro.core.encryption import EnvelopeCipher, FieldCipher
from kro.core.kyc.identity import Names, PersonOnRecord, Unknown
from kro.core.sanctions import ListFormat
from kro_api import BUYER_PHONE, Person, World

CANARY = "22871936450"
BORN = "1990-01-31"
RECORD = PersonOnRecord(Names("TEST", "BUYER", "CHIOMA"), date(1990, 1, 31))


def given(**fields: Any) -> dict[str, Any]:
    return {"kind": "bvn", "number": CANARY, "date_of_birth": BORN, "consent_version": "2026-11", **fields}


FROZEN = """
SELECT m.likely, u.frozen_at IS NOT NULL AS frozen FROM sanction_matches AS m JOIN users AS u ON u.id = m.user_id"""


async def gave(world: World, person: Person, **fields: Any) -> dict[str, Any]:
    reply = await person.post("/me/kyc", given(**fields))
    assert reply.status_code == 202, reply.text
    await world.work()
    return {**(await person.get("/me/kyc")).json(), "given": reply.json()}


@pytest.fixture
async def officer(world: World) -> Admin:
    return await at_desk(world, Role.COMPLIANCE)


class TestGiving:
    async def test_a_number_that_agrees_raises_the_tier_and_the_owner_hears_of_it(self, world: World) -> None:
        world.identity.people[CANARY] = RECORD

        seen = await gave(world, world.buyer)

        assert seen["tier"] == 2
        assert [(one["kind"], one["number"], one["status"]) for one in seen["checks"]] == [
            ("bvn", "*******6450", "verified")
        ]
        assert (await world.buyer.get("/me")).json()["kyc_tier"] == 2
        assert any("is confirmed" in sms.text for sms in world.sms.sent)
        consent = await world.database.row("SELECT text_version, ip, session_id, given_at FROM consents")
        assert (consent["text_version"], consent["session_id"] is not None) == ("2026-11", True)

    async def test_a_birthday_that_becomes_known_is_compared_with_the_lists(self, world: World) -> None:
        world.identity.people[CANARY] = RECORD
        listed = f"ref,name,born\nN1,Test Buyer Omaru,{RECORD.born}\n".encode()
        knowing = world.application.knowing
        await knowing.imports.take_in(listed, code="house", form=ListFormat.CSV, actor=SYSTEM)
        while await knowing.screening.screen_next():
            pass
        before = await world.database.row(FROZEN)

        await gave(world, world.buyer)
        await world.work()

        assert tuple(before.values()) == (False, False)
        assert tuple((await world.database.row(FROZEN)).values()) == (True, True)

    async def test_a_stranger_to_the_number_is_refused_and_the_number_forgotten(self, world: World) -> None:
        world.identity.people[CANARY] = PersonOnRecord(Names("GRACE", "OKORO"), date(1990, 1, 31))

        seen = await gave(world, world.buyer)

        assert (seen["tier"], seen["checks"][0]["status"]) == (1, "refused")
        row = await world.database.row("SELECT number_sealed, number_key, cause FROM identity_checks")
        assert tuple(row) == (None, None, "names_unlike")

    async def test_one_number_never_serves_two_accounts_and_says_nothing_of_the_other(self, world: World) -> None:
        world.identity.people[CANARY] = RECORD
        await gave(world, world.buyer)
        await world.database.execute("UPDATE users SET last_name = 'Buyer' WHERE last_name = 'Seller'")

        seen = await gave(world, world.seller)

        world.identity.people.clear()
        unknown = await gave(world, world.stranger)
        assert (seen["tier"], seen["checks"][0]["status"]) == (1, "refused")
        # Whoever gives a number nobody has is told the very same.
        assert {**seen["checks"][0], "id": "", "created_at": ""} == {
            **unknown["checks"][0],
            "id": "",
            "created_at": "",
        }

    async def test_silence_is_no_answer_and_the_register_is_asked_again(self, world: World) -> None:
        world.identity.results.append(Unknown("timeout"))
        world.identity.people[CANARY] = RECORD

        silent = await gave(world, world.buyer)
        early = await world.application.knowing.resolver.resolve_due(limit=10)
        await world.database.execute("UPDATE identity_checks SET next_attempt_at = now()")
        asked = await world.application.knowing.resolver.resolve_due(limit=10)

        assert (silent["tier"], silent["checks"][0]["status"], early, asked) == (1, "pending", 0, 1)
        assert (await world.buyer.get("/me/kyc")).json()["tier"] == 2
        assert len(world.identity.asked) == 2

    @pytest.mark.parametrize(
        ("fields", "answer"),
        [
            ({"consent_version": "2020-01"}, (409, "consent_outdated")),
            ({"number": "2222222222"}, (422, "validation_failed")),
            ({"number": "٢٢٢٢٢٢٢٢٢٢٢"}, (422, "validation_failed")),
            ({"date_of_birth": "2015-01-01"}, (422, "validation_failed")),
            ({"date_of_birth": "1890-01-01"}, (422, "validation_failed")),
            ({"kyc_tier": 3}, (422, "validation_failed")),
        ],
    )
    async def test_refuses_what_cannot_be(self, world: World, fields: dict[str, Any], answer: tuple[int, str]) -> None:
        reply = await world.buyer.post("/me/kyc", given(**fields))

        assert (reply.status_code, reply.json()["code"]) == answer

    async def test_one_at_a_time_once_per_kind_and_few_in_a_day(self, world: World) -> None:
        world.identity.results.append(Unknown("timeout"))
        await gave(world, world.buyer)

        second = await world.buyer.post("/me/kyc", given(kind="nin"))
        tries = [await world.seller.post("/me/kyc", given(consent_version="old")) for _ in range(6)]

        assert second.json()["code"] == "identity_check_open"
        assert [reply.status_code for reply in tries] == [409] * 5 + [429]

    async def test_names_that_were_proven_cannot_be_changed_afterwards(self, world: World) -> None:
        world.identity.people[CANARY] = RECORD
        await gave(world, world.buyer)
        headers = {"Authorization": f"Bearer {world.buyer.token}"}

        renamed = await world.http.patch("/v1/me", json={"first_name": "Other"}, headers=headers)

        assert (renamed.status_code, renamed.json()["code"]) == (409, "names_verified")

    async def test_whoever_is_called_otherwise_by_the_time_of_the_answer_is_for_people(self, world: World) -> None:
        world.identity.people[CANARY] = RECORD
        reply = await world.buyer.post("/me/kyc", given())
        assert reply.status_code == 202
        await world.database.execute("UPDATE users SET first_name = 'Other' WHERE last_name = 'Buyer'")
        await world.work()

        seen = (await world.buyer.get("/me/kyc")).json()
        assert (seen["tier"], seen["checks"][0]["status"]) == (1, "review")

    async def test_a_repeat_under_one_key_is_one_number(self, world: World) -> None:
        first, again = [await world.buyer.post("/me/kyc", given(), key="once") for _ in range(2)]

        assert first.json() == again.json()
        assert await world.database.value("SELECT count(*) FROM identity_checks") == 1


class TestSecrecy:
    async def test_the_number_is_nowhere_in_clear(
        self, world: World, owner_database: Database, capsys: Any, caplog: Any, officer: Admin
    ) -> None:
        caplog.set_level(logging.DEBUG)
        world.identity.people[CANARY] = PersonOnRecord(Names("TEST", "BUYERS"), date(1990, 1, 31))
        seen = await gave(world, world.buyer)
        read = await officer.get(f"/admin/kyc/{seen['checks'][0]['id']}")

        assert CANARY not in capsys.readouterr().out + caplog.text + read.text
        assert await holding(owner_database, CANARY) == []
        # The same search finds what is there: the last four digits.
        assert "identity_checks" in await holding(owner_database, CANARY[-4:])

    async def test_rotation_wraps_the_data_keys_anew_and_the_number_still_opens(self, world: World) -> None:
        world.identity.people[CANARY] = RECORD
        await gave(world, world.buyer)
        base = world.application.base
        keys = {key_id: key.get_secret_value() for key_id, key in base.settings.security.encryption_keys.items()}
        rotated = FieldCipher(keys=keys | {"next": bytes(range(32))}, active_key_id="next")
        resolver = world.application.knowing.resolver
        vault = type(resolver._vault)(EnvelopeCipher(rotated), base.index)
        resolver._vault = vault

        assert await resolver.rewrap_due(current="v1.next.") == 1
        assert await resolver.rewrap_due(current="v1.next.") == 0
        key = await world.database.value("SELECT number_key FROM identity_checks")
        assert key.startswith("v1.next.")


class TestReview:
    @pytest.fixture
    async def check(self, world: World) -> str:
        world.identity.people[CANARY] = PersonOnRecord(Names("TEST", "BUYER"), date(1990, 1, 30))
        seen = await gave(world, world.buyer)
        assert (seen["tier"], seen["checks"][0]["status"]) == (1, "review")
        return str(seen["checks"][0]["id"])

    async def test_an_officer_reads_the_file_and_approves(self, world: World, officer: Admin, check: str) -> None:
        [waiting] = (await officer.get("/admin/kyc", status="review")).json()["data"]
        file = (await officer.get(f"/admin/kyc/{check}")).json()

        decided = await officer.post(f"/admin/kyc/{check}/approve", {"reason": "passport seen"})
        again = await officer.post(f"/admin/kyc/{check}/reject", {"reason": "second thoughts"})

        assert (waiting["id"], waiting["cause"], waiting["number"]) == (check, "birth_differs", "*******6450")
        looks = await world.database.rows(
            "SELECT action, actor_id, detail FROM audit_log WHERE action ~ '^identity.(list|read)$' ORDER BY id"
        )
        assert [(look["action"], look["detail"]) for look in looks] == [
            ("identity.list", {"status": "review"}), ("identity.read", {}),
        ]  # fmt: skip
        assert looks[0]["actor_id"] == looks[1]["actor_id"] is not None
        assert (file["given_date_of_birth"], file["recorded_date_of_birth"]) == (BORN, "1990-01-30")
        assert (file["given_names"], file["recorded_names"]) == ("Test Buyer", "TEST BUYER")
        assert decided.json() == {"id": check, "status": "verified"}
        assert (again.status_code, again.json()["code"]) == (409, "identity_check_decided")
        assert (await world.buyer.get("/me")).json()["kyc_tier"] == 2
        trace = await world.database.rows(
            "SELECT action, reason FROM audit_log "
            "WHERE actor_kind = 'admin' AND target_type = 'identity_check' ORDER BY id"
        )
        assert [tuple(row) for row in trace] == [("identity.read", None), ("identity.verified", "passport seen")]

    async def test_a_rejection_is_told_without_its_reason(self, world: World, officer: Admin, check: str) -> None:
        await officer.post(f"/admin/kyc/{check}/reject", {"reason": "looks forged"})
        await world.work()

        assert (await world.buyer.get("/me/kyc")).json()["checks"][0]["status"] == "refused"
        [told] = [sms.text for sms in world.sms.sent if "could not be confirmed" in sms.text]
        assert "forged" not in told

    async def test_nobody_decides_about_themselves(self, world: World, officer: Admin, check: str) -> None:
        await world.database.execute("UPDATE admins SET phone = $1 WHERE email = 'desk@kro.example'", BUYER_PHONE)
        me = (await world.buyer.get("/me")).json()["id"]

        for path, body in (
            (f"/admin/kyc/{check}/approve", {"reason": "it is me"}),
            (f"/admin/kyc/users/{me}/tier", {"tier": 3, "reason": "it is me"}),
        ):
            reply = await officer.post(path, body)
            assert (reply.status_code, reply.json()["code"]) == (403, "own_identity")

    async def test_tiers_are_set_by_hand_with_a_reason(self, world: World, officer: Admin) -> None:
        me = (await world.seller.get("/me")).json()["id"]

        raised = await officer.post(f"/admin/kyc/users/{me}/tier", {"tier": 3, "reason": "visited the shop"})
        again = await officer.post(f"/admin/kyc/users/{me}/tier", {"tier": 3, "reason": "visited the shop"})

        assert raised.json() == {"tier": 3}
        assert (again.status_code, again.json()["code"]) == (409, "tier_unchanged")
        assert (await world.seller.get("/me")).json()["kyc_tier"] == 3

    async def test_others_are_not_let_in(self, world: World, check: str) -> None:
        support = await at_desk(world, Role.SUPPORT, email="support@kro.example")

        for reply in (
            await support.get("/admin/kyc"),
            await support.get(f"/admin/kyc/{check}"),
            await support.post(f"/admin/kyc/{check}/approve", {"reason": "a friend"}),
        ):
            assert (reply.status_code, reply.json()["code"]) == (403, "permission_denied")


async def holding(database: Database, text: str) -> Sequence[str]:
    """Return the tables that hold a text anywhere, in any column of any row."""
    tables = await database.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    return [
        row["tablename"]
        for row in tables
        if await database.value(
            f'SELECT EXISTS (SELECT FROM "{row["tablename"]}" AS t WHERE t::text LIKE $1)',  # noqa: S608 - names of our own tables
            f"%{text}%",
        )
    ]
