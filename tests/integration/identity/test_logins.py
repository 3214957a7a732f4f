from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from passlib.hash import bcrypt  # type: ignore[import-untyped] # libpass ships no types
from tests.integration.identity.people import OTHER_PHONE, PASSWORD, PHONE, PHONE_CLIENT, People, Session

from kro.core.actor import AccountNotActiveError, SessionEndedError
from kro.core.auth.tokens import InvalidTokenError
from kro.core.rate_limit import RateLimitedError
from kro.management.domain.errors import InvalidCredentialsError, SessionNotFoundError


async def refresh(people: People, token: str) -> str:
    logged_in = await people.accounts.logins.refresh(token, client=PHONE_CLIENT)
    return logged_in.tokens.refresh_token


async def is_in(people: People, session: Session) -> bool:
    try:
        await people.accounts.profiles.read(session.actor)
    except SessionEndedError:
        return False
    return True


class TestLogIn:
    async def test_opens_a_session(self, people: People) -> None:
        session = await people.log_in("0803 123 4567")

        profile = await people.accounts.profiles.read(session.actor)
        assert (profile.phone, profile.kyc_tier) == (PHONE, 1)
        (audit,) = await people.audits("user.logged_in")
        assert (audit["actor_id"], audit["session_id"], audit["result"]) == (
            session.user_id,
            session.actor.session_id,
            "done",
        )

    async def test_keeps_no_token(self, people: People) -> None:
        session = await people.log_in()

        stored = await people.database.value("SELECT string_agg(s::text, '') FROM sessions AS s")
        assert session.refresh_token not in stored
        assert people.user_sessions._refresh_tokens.read(session.refresh_token).secret.hex() not in stored

    async def test_another_country_is_told_of_once_and_the_first_one_is_home(self, people: People) -> None:
        seen = []
        for country in (None, "NG", "NG", None, "GH", "GH", "NG"):
            await people.log_in(client=replace(PHONE_CLIENT, country=country))
            told = await people.database.rows(
                "SELECT payload FROM outbox WHERE payload ->> 'template' = 'login_from_new_country'"
            )
            seen.append([row["payload"]["facts"]["country"] for row in told])

        assert seen == [[], [], [], [], ["GH"], ["GH"], ["GH"]]

    async def test_an_unknown_number_is_like_a_wrong_password(self, people: People) -> None:
        details = set()
        for phone, password in ((PHONE, "wrong-kettle-42"), (OTHER_PHONE, PASSWORD)):
            with pytest.raises(InvalidCredentialsError) as caught:
                await people.log_in(phone, password)
            details.add((caught.value.code, caught.value.detail))

        assert len(details) == 1
        audits = await people.audits("user.login")
        assert [(audit["result"], audit["reason"]) for audit in audits] == [("refused", "wrong_password")] * 2
        assert {audit["target_id"] for audit in audits} > {None}

    async def test_costs_the_same_trips_for_both(self, people: People) -> None:
        async def trips(phone: str) -> int:
            before = people.database.trips
            with pytest.raises(InvalidCredentialsError):
                await people.log_in(phone, "wrong-kettle-42")
            return people.database.trips - before

        assert await trips(PHONE) == await trips(OTHER_PHONE)

    @pytest.mark.parametrize("status", ["suspended", "closed", "pending"])
    async def test_only_who_knows_the_password_learns_of_the_status(self, people: People, status: str) -> None:
        await people.database.execute("UPDATE users SET status = $1", status)

        with pytest.raises(AccountNotActiveError):
            await people.log_in()
        with pytest.raises(InvalidCredentialsError):
            await people.log_in(password="wrong-kettle-42")
        assert await people.database.value("SELECT count(*) FROM sessions") == 0

    async def test_ten_failures_close_the_number_for_a_while(self, people: People) -> None:
        for _ in range(10):
            with pytest.raises(InvalidCredentialsError):
                await people.log_in(password="wrong-kettle-42")

        with pytest.raises(RateLimitedError):
            await people.log_in()

    async def test_successes_are_not_counted(self, people: People) -> None:
        for _ in range(12):
            await people.log_in()

    async def test_an_old_hash_is_renewed(self, people: People) -> None:
        old = bcrypt.using(rounds=4).hash(PASSWORD)
        await people.database.execute("UPDATE users SET password_hash = $1", old)

        await people.log_in()

        stored = await people.database.value("SELECT password_hash FROM users")
        assert stored.startswith("$argon2id$")
        await people.log_in()

    async def test_a_password_changed_meanwhile_opens_nothing(self, people: People) -> None:
        credentials = await people.accounts.logins._accounts.credentials(phone=PHONE, email=None)
        assert credentials is not None
        await people.database.execute("UPDATE users SET password_hash = 'changed'")

        opened = await people.accounts.logins._accounts.open_session(
            credentials,
            token=people.user_sessions.draw(),
            policy=people.user_sessions.policy,
            client=PHONE_CLIENT,
            renewed_hash="renewed",
            record='{"writes": []}',
        )

        assert opened is None
        assert await people.database.value("SELECT password_hash FROM users") == "changed"


class TestRefresh:
    async def test_gives_a_new_pair_and_spends_the_old(self, people: People) -> None:
        session = await people.log_in()

        logged_in = await people.accounts.logins.refresh(session.refresh_token, client=PHONE_CLIENT)

        claims = people.user_tokens.verify(logged_in.tokens.access_token)
        assert (claims.subject, claims.session_id) == (session.user_id, session.actor.session_id)
        assert logged_in.tokens.refresh_token != session.refresh_token
        assert logged_in.user.phone == PHONE

    async def test_an_honest_double_submit_gets_the_same_successor(self, people: People) -> None:
        session = await people.log_in()

        answers = await asyncio.gather(*(refresh(people, session.refresh_token) for _ in range(50)))

        assert len(set(answers)) == 1
        assert await is_in(people, session)
        assert await refresh(people, answers[0])

    async def test_a_spent_token_ends_the_session_after_the_grace(self, people: People) -> None:
        session = await people.log_in()
        current = await refresh(people, session.refresh_token)
        await people.database.execute("UPDATE sessions SET rotated_at = now() - interval '10.1 seconds'")

        with pytest.raises(SessionEndedError):
            await refresh(people, session.refresh_token)

        assert not await is_in(people, session)
        with pytest.raises(SessionEndedError):
            await refresh(people, current)
        (audit,) = await people.audits("session.refresh_reused")
        assert (audit["target_id"], audit["result"]) == (session.actor.session_id, "refused")

    async def test_within_the_grace_it_still_works(self, people: People) -> None:
        session = await people.log_in()
        current = await refresh(people, session.refresh_token)
        await people.database.execute("UPDATE sessions SET rotated_at = now() - interval '9 seconds'")

        assert await refresh(people, session.refresh_token) == current

    async def test_a_token_of_two_generations_ago_ends_the_session_at_once(self, people: People) -> None:
        """A thief who refreshed twice has left the owner with an old token: its use must still sound the alarm."""
        session = await people.log_in()
        second = await refresh(people, session.refresh_token)
        third = await refresh(people, second)

        with pytest.raises(SessionEndedError):
            await refresh(people, session.refresh_token)

        with pytest.raises(SessionEndedError):
            await refresh(people, third)
        reason = await people.database.value("SELECT revoke_reason FROM sessions")
        assert reason == "refresh_reused"

    async def test_other_sessions_live_on(self, people: People) -> None:
        stolen, safe = await people.log_in(), await people.log_in()
        second = await refresh(people, stolen.refresh_token)
        await refresh(people, second)
        with pytest.raises(SessionEndedError):
            await refresh(people, stolen.refresh_token)

        assert await is_in(people, safe)

    async def test_nobody_ends_a_session_with_a_made_up_token(self, people: People) -> None:
        session = await people.log_in()
        text = session.refresh_token

        with pytest.raises(InvalidTokenError):
            await refresh(people, text[:40] + ("A" if text[40] != "A" else "B") + text[41:])

        assert await is_in(people, session)

    async def test_the_token_of_an_admin_is_nothing_here(self, people: People) -> None:
        admin = people.admin_sessions.draw()

        with pytest.raises(SessionEndedError):
            await refresh(people, people.user_sessions._refresh_tokens.show(admin))

    async def test_ends_after_thirty_days_however_busy(self, people: People) -> None:
        session = await people.log_in()
        await people.database.execute("UPDATE sessions SET created_at = now() - interval '29 days 23 hours'")

        await refresh(people, session.refresh_token)

        left = await people.database.value("SELECT expires_at - now() < interval '1 hour' FROM sessions")
        assert left is True

    async def test_ends_after_seven_idle_days(self, people: People) -> None:
        session = await people.log_in()
        assert await people.database.value(
            "SELECT expires_at - created_at BETWEEN interval '7 days' AND interval '7 days 1 minute' FROM sessions"
        )
        await people.database.execute("UPDATE sessions SET expires_at = now()")

        with pytest.raises(SessionEndedError):
            await refresh(people, session.refresh_token)

    async def test_a_suspended_user_gets_none(self, people: People) -> None:
        session = await people.log_in()
        await people.database.execute("UPDATE users SET status = 'suspended'")

        with pytest.raises(SessionEndedError):
            await refresh(people, session.refresh_token)


class TestSessions:
    async def test_log_out_ends_access_and_refresh_at_once(self, people: People) -> None:
        session = await people.log_in()

        await people.accounts.logins.log_out(session.actor)
        await people.accounts.logins.log_out(session.actor)

        assert not await is_in(people, session)
        with pytest.raises(SessionEndedError):
            await refresh(people, session.refresh_token)
        assert len(await people.audits("session.logged_out")) == 1

    async def test_lists_and_ends_ones_own(self, people: People) -> None:
        here, there = await people.log_in(), await people.log_in()
        assert there.actor.session_id is not None
        listed = await people.accounts.logins.sessions(here.actor)
        assert {session.id for session in listed} == {here.actor.session_id, there.actor.session_id}
        assert {(session.user_agent, session.country) for session in listed} == {("phone", "NG")}

        await people.accounts.logins.end_session(there.actor.session_id, actor=here.actor)

        assert not await is_in(people, there)
        assert [session.id for session in await people.accounts.logins.sessions(here.actor)] == [here.actor.session_id]

    async def test_somebody_elses_session_is_not_there(self, people: People) -> None:
        await people.add_user(OTHER_PHONE)
        mine, theirs = await people.log_in(), await people.log_in(OTHER_PHONE)
        assert theirs.actor.session_id is not None

        with pytest.raises(SessionNotFoundError):
            await people.accounts.logins.end_session(theirs.actor.session_id, actor=mine.actor)

        assert await is_in(people, theirs)
