from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
from tests.integration.identity.people import ADMIN, PASSWORD, PHONE_CLIENT, People

from kro.core.actor import SessionEndedError
from kro.core.decisions import Decision, LostRaceError
from kro.core.decisions.encoding import encode
from kro.core.rate_limit import RateLimitedError
from kro.core.two_factor import FactorLockedError, WrongFactorError, spend_step
from kro.management.domain import AdminLoggedIn, FactorProof
from kro.management.domain.errors import AdminCredentialsError


async def log_in(people: People, *, totp: str | None = None, password: str = PASSWORD) -> AdminLoggedIn:
    return await people.admin_access.log_in(
        email=ADMIN, password=password, factor=FactorProof(totp or people.totp()), client=PHONE_CLIENT
    )


async def admin_id(people: People) -> UUID:
    found: UUID = await people.database.value("SELECT id FROM admins")
    return found


def wrong(people: People) -> str:
    good = {people.totp(steps=step) for step in (-1, 0, 1)}
    return next(code for code in ("111111", "222222", "333333", "444444") if code not in good)


class TestLogIn:
    async def test_needs_all_three_and_opens_a_short_session(self, people: People) -> None:
        logged_in = await log_in(people)

        claims = people.admin_tokens.verify(logged_in.tokens.access_token)
        assert claims.subject == logged_in.admin.id == await admin_id(people)
        assert logged_in.admin.role == "approver"
        assert "payouts.approve" in logged_in.admin.permissions
        assert logged_in.tokens.expires_in_seconds == 300
        life = await people.database.value("SELECT expires_at - created_at FROM sessions")
        assert life == timedelta(hours=12)
        (audit,) = await people.audits("admin.logged_in")
        assert audit["session_id"] == claims.session_id

    async def test_an_address_is_the_same_in_capitals(self, people: People) -> None:
        await people.admin_access.log_in(
            email=ADMIN.upper(), password=PASSWORD, factor=FactorProof(people.totp()), client=PHONE_CLIENT
        )

    async def test_what_was_wrong_is_told_to_the_audit_log_alone(self, people: People) -> None:
        details = set()
        tries = ((ADMIN, "wrong-kettle-42", people.totp()), (ADMIN, PASSWORD, wrong(people)))
        for email, password, totp in (*tries, ("nobody@kro.example", PASSWORD, people.totp())):
            with pytest.raises(AdminCredentialsError) as caught:
                await people.admin_access.log_in(
                    email=email, password=password, factor=FactorProof(totp), client=PHONE_CLIENT
                )
            details.add((caught.value.code, caught.value.detail))

        assert len(details) == 1
        assert [audit["reason"] for audit in await people.audits("admin.login")] == [
            "wrong_password",
            "two_factor_incorrect",
            "wrong_password",
        ]

    async def test_a_suspended_admin_stays_out(self, people: People) -> None:
        await people.database.execute("UPDATE admins SET status = 'suspended'")

        with pytest.raises(AdminCredentialsError):
            await log_in(people)

    async def test_an_admin_without_a_factor_stays_out(self, people: People) -> None:
        await people.database.execute("UPDATE two_factor_admin SET confirmed_at = NULL")

        with pytest.raises(AdminCredentialsError):
            await log_in(people)

    async def test_ten_failures_close_the_address_for_a_while(self, people: People) -> None:
        for _ in range(10):
            with pytest.raises(AdminCredentialsError):
                await log_in(people, password="wrong-kettle-42")

        with pytest.raises(RateLimitedError):
            await log_in(people)

    async def test_a_session_ends_with_log_out(self, people: People) -> None:
        logged_in = await log_in(people)

        refreshed = await people.admin_access.refresh(logged_in.tokens.refresh_token, client=PHONE_CLIENT)

        assert refreshed.admin == logged_in.admin
        await people.database.execute("UPDATE sessions SET revoked_at = now()")
        with pytest.raises(SessionEndedError):
            await people.admin_access.refresh(refreshed.tokens.refresh_token, client=PHONE_CLIENT)


class TestACodeWorksOnce:
    async def test_the_second_login_with_it_is_refused(self, people: People) -> None:
        code = people.totp()
        await log_in(people, totp=code)

        with pytest.raises(AdminCredentialsError):
            await log_in(people, totp=code)

    async def test_ten_logins_at_once_with_one_code_open_one_session(self, people: People) -> None:
        await people.database.execute("UPDATE two_factor_admin SET failures = -100")
        code = people.totp()

        outcomes = await asyncio.gather(*(log_in(people, totp=code) for _ in range(10)), return_exceptions=True)

        assert len([outcome for outcome in outcomes if isinstance(outcome, AdminLoggedIn)]) == 1
        assert await people.database.value("SELECT count(*) FROM sessions") == 1

    async def test_an_earlier_code_is_spent_with_a_later_one(self, people: People) -> None:
        earlier = people.totp(steps=-1)
        await log_in(people, totp=people.totp())

        with pytest.raises(AdminCredentialsError):
            await log_in(people, totp=earlier)

    async def test_the_next_code_works(self, people: People) -> None:
        await log_in(people)
        people.clock.advance(timedelta(seconds=30))

        await log_in(people)

    async def test_two_decisions_cannot_both_spend_it(self, people: People) -> None:
        admin = await admin_id(people)
        step = await people.two_factor.attempt(owner_id=admin, code=people.totp())
        decision = encode(Decision(writes=(spend_step(admin_id=admin, step=step),)))

        outcomes = await asyncio.gather(*(people.database.apply(decision) for _ in range(8)), return_exceptions=True)

        assert [outcome for outcome in outcomes if outcome is None] == [None]
        assert {type(outcome) for outcome in outcomes if outcome is not None} == {LostRaceError}

    async def test_a_login_and_an_approval_cannot_share_it(self, people: People) -> None:
        code = people.totp()
        await log_in(people, totp=code)

        with pytest.raises(WrongFactorError):
            await people.two_factor.attempt(owner_id=await admin_id(people), code=code)


class TestFiveWrongCodesLockTheFactor:
    async def test_also_when_they_come_at_once(self, people: People) -> None:
        admin = await admin_id(people)
        bad = wrong(people)

        outcomes = await asyncio.gather(
            *(people.two_factor.attempt(owner_id=admin, code=bad) for _ in range(30)), return_exceptions=True
        )

        assert len([outcome for outcome in outcomes if isinstance(outcome, WrongFactorError)]) == 5
        assert len([outcome for outcome in outcomes if isinstance(outcome, FactorLockedError)]) == 25
        with pytest.raises(FactorLockedError):
            await people.two_factor.attempt(owner_id=admin, code=people.totp())
        with pytest.raises(AdminCredentialsError):
            await log_in(people)

    async def test_for_fifteen_minutes(self, people: People) -> None:
        admin = await admin_id(people)
        for _ in range(5):
            with pytest.raises(WrongFactorError):
                await people.two_factor.attempt(owner_id=admin, code=wrong(people))
        left = await people.database.value("SELECT locked_until - now() FROM two_factor_admin")
        assert timedelta(minutes=14) < left <= timedelta(minutes=15)

        await people.database.execute("UPDATE two_factor_admin SET locked_until = now()")

        assert await people.two_factor.attempt(owner_id=admin, code=people.totp()) > 0
        assert await people.database.value("SELECT failures FROM two_factor_admin") == 1

    async def test_being_refused_does_not_lengthen_the_lock(self, people: People) -> None:
        admin = await admin_id(people)
        await people.database.execute(
            "UPDATE two_factor_admin SET failures = 5, locked_until = now() + interval '1 minute'"
        )

        with pytest.raises(FactorLockedError):
            await people.two_factor.attempt(owner_id=admin, code=people.totp())

        assert await people.database.value("SELECT locked_until < now() + interval '2 minutes' FROM two_factor_admin")

    async def test_a_success_starts_the_count_anew(self, people: People) -> None:
        admin = await admin_id(people)
        for _ in range(4):
            with pytest.raises(WrongFactorError):
                await people.two_factor.attempt(owner_id=admin, code=wrong(people))

        await log_in(people)

        assert await people.database.value("SELECT failures FROM two_factor_admin") == 0

    async def test_the_secret_opens_for_its_own_admin_only(self, people: People) -> None:
        sealed = await people.database.value("SELECT secret_sealed FROM two_factor_admin")

        assert people.cipher.open(sealed, context=f"two_factor_admin.secret:{await admin_id(people)}")
        stored = await people.database.value("SELECT string_agg(t::text, '') FROM two_factor_admin AS t")
        assert people.cipher.open(sealed, context=f"two_factor_admin.secret:{await admin_id(people)}") not in stored
