from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from tests.integration.identity.people import OTHER_PHONE, PASSWORD, PHONE, PHONE_CLIENT, People

from kro.core.auth.passwords import WeakPasswordError
from kro.core.database.pool import Database
from kro.core.encryption import SealedValueError
from kro.core.phone import InvalidPhoneError
from kro.core.rate_limit import RateLimitedError
from kro.management.domain.errors import InvalidCredentialsError
from kro.verification.domain import Challenge, ChallengeEndedError, Target, WrongCodeError

NEW = OTHER_PHONE


def another(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


class TestRegister:
    async def test_opens_nothing_before_the_number_is_proven(self, people: People) -> None:
        await people.register(NEW)

        assert await people.database.value("SELECT count(*) FROM users WHERE phone = $1", NEW) == 0
        with pytest.raises(InvalidCredentialsError):
            await people.log_in(NEW)

    async def test_the_code_opens_the_account_as_it_was_asked_for(self, people: People) -> None:
        challenge = await people.register("0805 123 4567", first_name="Ada", email="ada@example.com")

        await people.verify(challenge, await people.code_of(challenge))

        profile = await people.accounts.profiles.read((await people.log_in(NEW)).actor)
        assert (profile.phone, profile.first_name, profile.email) == (NEW, "Ada", "ada@example.com")
        assert (profile.status, profile.kyc_tier) == ("active", 1)
        (audit,) = await people.audits("user.registered")
        assert (audit["target_id"], audit["ip"], audit["request_id"]) == (profile.id, "203.0.113.9", "req_test")

    async def test_the_code_travels_sealed_for_its_challenge_and_is_kept_nowhere(
        self, people: People, owner_database: Database
    ) -> None:
        challenge = await people.register(NEW)

        (text,) = await people.texts()
        code = await people.code_of(challenge)
        assert (text["phone"], text["purpose"]) == (NEW, "register")
        with pytest.raises(SealedValueError):
            people.cipher.open(text["sealed"], context="another")
        stored = await owner_database.value("SELECT string_agg(t::text, '') FROM verification_codes AS t")
        assert code not in str(text)
        assert f'"{code}"' not in stored
        assert PASSWORD not in stored

    async def test_a_number_with_an_account_gets_the_same_answer_and_no_text(self, people: People) -> None:
        known = await people.register(PHONE, password="another-kettle-42")
        unknown = await people.register(NEW)

        assert (known.expires_in_seconds, known.resend_after_seconds) == (
            unknown.expires_in_seconds,
            unknown.resend_after_seconds,
        )
        assert [text["phone"] for text in await people.texts()] == [NEW]
        for challenge, code in ((known, "000000"), (unknown, another(await people.code_of(unknown)))):
            for _ in range(5):
                with pytest.raises(WrongCodeError):
                    await people.verify(challenge, code)
            with pytest.raises(ChallengeEndedError):
                await people.verify(challenge, code)
        await people.log_in(PHONE, PASSWORD)

    async def test_both_kinds_of_number_cost_the_same_trips(self, people: People) -> None:
        async def trips(phone: str) -> int:
            before = people.database.trips
            await people.register(phone)
            return people.database.trips - before

        assert await trips(PHONE) == await trips(NEW)

    @pytest.mark.parametrize("phone", ["+14155552671", "08001234567", "not a number"])
    async def test_refuses_numbers_no_text_should_go_to(self, people: People, phone: str) -> None:
        with pytest.raises(InvalidPhoneError):
            await people.register(phone)

        assert await people.database.value("SELECT count(*) FROM rate_limits") == 0

    async def test_refuses_a_password_that_is_the_number(self, people: People) -> None:
        with pytest.raises(WeakPasswordError):
            await people.register(NEW, password="08051234567")

    async def test_three_codes_in_ten_minutes_are_enough_for_one_number(self, people: People) -> None:
        for _ in range(3):
            await people.register(NEW)

        with pytest.raises(RateLimitedError) as caught:
            await people.register(NEW)

        assert 1 <= (caught.value.retry_after_seconds or 0) <= 1_200
        assert len(await people.texts()) == 3
        await people.register("08051234568")

    async def test_the_limit_is_the_same_for_a_number_with_an_account(self, people: People) -> None:
        for _ in range(3):
            await people.register(PHONE)

        with pytest.raises(RateLimitedError):
            await people.register(PHONE)

    async def test_ten_codes_a_day_are_enough_for_one_number(self, people: People) -> None:
        for _ in range(10):
            await people.register(NEW)
            await people.database.execute("DELETE FROM rate_limits WHERE bucket = 'otp_number'")

        with pytest.raises(RateLimitedError) as caught:
            await people.register(NEW)

        assert caught.value.policy == "otp_number_day"


class TestVerify:
    async def test_a_code_works_once(self, people: People) -> None:
        challenge = await people.register(NEW)
        code = await people.code_of(challenge)
        await people.verify(challenge, code)

        with pytest.raises(ChallengeEndedError):
            await people.verify(challenge, code)

    async def test_ten_right_codes_at_once_open_one_account(self, people: People) -> None:
        challenge = await people.register(NEW)
        code = await people.code_of(challenge)
        await people.database.execute("UPDATE verification_codes SET tries = -100")

        outcomes = await asyncio.gather(*(people.verify(challenge, code) for _ in range(10)), return_exceptions=True)

        assert [outcome for outcome in outcomes if outcome is None] == [None]
        assert {type(outcome) for outcome in outcomes if outcome is not None} == {ChallengeEndedError}
        assert await people.database.value("SELECT count(*) FROM users WHERE phone = $1", NEW) == 1
        assert len(await people.audits("user.registered")) == 1

    async def test_fifty_guesses_at_once_get_five_tries(self, people: People) -> None:
        challenge = await people.register(NEW)
        code = await people.code_of(challenge)
        guesses = [f"{number:06d}" for number in range(50) if f"{number:06d}" != code]

        outcomes = await asyncio.gather(*(people.verify(challenge, guess) for guess in guesses), return_exceptions=True)

        looked_at = [outcome for outcome in outcomes if isinstance(outcome, WrongCodeError)]
        assert len(looked_at) == 5
        assert all(isinstance(outcome, WrongCodeError | ChallengeEndedError) for outcome in outcomes)
        assert await people.database.value("SELECT tries FROM verification_codes") == 5
        with pytest.raises(ChallengeEndedError):
            await people.verify(challenge, code)

    async def test_the_fifth_try_may_still_be_right(self, people: People) -> None:
        challenge = await people.register(NEW)
        code = await people.code_of(challenge)
        for _ in range(4):
            with pytest.raises(WrongCodeError):
                await people.verify(challenge, another(code))

        await people.verify(challenge, code)

        await people.log_in(NEW)

    async def test_a_code_expires(self, people: People) -> None:
        challenge = await people.register(NEW)
        await people.database.execute("UPDATE verification_codes SET expires_at = now()")

        with pytest.raises(ChallengeEndedError):
            await people.verify(challenge, await people.code_of(challenge))

    async def test_lives_five_minutes(self, people: People) -> None:
        await people.register(NEW)

        life = await people.database.value("SELECT expires_at - created_at FROM verification_codes")

        assert life == timedelta(minutes=5)

    async def test_a_code_opens_no_other_challenge(self, people: People) -> None:
        first, second = await people.register(NEW), await people.register("08051234568")

        with pytest.raises(WrongCodeError):
            await people.verify(first, await people.code_of(second))

    async def test_an_unknown_challenge_is_like_an_expired_one(self, people: People) -> None:
        nothing = Challenge(id=people.ids.new(), expires_in_seconds=300, resend_after_seconds=60)

        with pytest.raises(ChallengeEndedError):
            await people.verify(nothing, "123456")

    async def test_the_draft_is_forgotten_with_the_code(self, people: People) -> None:
        await people.register(NEW)
        challenge = await people.register(NEW)

        await people.verify(challenge, await people.code_of(challenge))

        assert await people.database.value("SELECT count(*) FROM verification_codes WHERE draft IS NOT NULL") == 0


class TestWhoeverProvesTheNumberWins:
    async def test_a_new_code_kills_the_old(self, people: People) -> None:
        first = await people.register(NEW)
        second = await people.register(NEW)

        with pytest.raises(ChallengeEndedError):
            await people.verify(first, await people.code_of(first))
        await people.verify(second, await people.code_of(second))

    async def test_registering_again_takes_the_new_password(self, people: People) -> None:
        await people.register(NEW, password="first-kettle-42")
        second = await people.register(NEW, password="second-kettle-42")
        await people.verify(second, await people.code_of(second))

        with pytest.raises(InvalidCredentialsError):
            await people.log_in(NEW, "first-kettle-42")
        await people.log_in(NEW, "second-kettle-42")

    async def test_a_code_sent_again_opens_what_the_first_would_have(self, people: People) -> None:
        mine = await people.register(NEW, password="mine-kettle-42")

        again = await people.verification.resend(Target.phone(NEW), repeats=mine.id, client=PHONE_CLIENT)
        await people.verify(again, await people.code_of(again))

        await people.log_in(NEW, "mine-kettle-42")

    async def test_without_naming_the_challenge_it_works_while_there_is_one_registration(self, people: People) -> None:
        await people.register(NEW, password="mine-kettle-42")

        again = await people.verification.resend(Target.phone("08051234567"), repeats=None, client=PHONE_CLIENT)
        await people.verify(again, await people.code_of(again))

        await people.log_in(NEW, "mine-kettle-42")

    async def test_of_ten_who_ask_again_at_once_one_is_sent_a_code(self, people: People) -> None:
        mine = await people.register(NEW)

        asked = await asyncio.gather(
            *(people.verification.resend(Target.phone(NEW), repeats=mine.id, client=PHONE_CLIENT) for _ in range(10)),
            return_exceptions=True,
        )

        assert [type(reply) for reply in asked].count(Challenge) == 1
        assert len(await people.texts()) == 2

    async def test_a_stranger_cannot_slip_a_password_under_the_owners_next_code(self, people: People) -> None:
        """The owner registers, a stranger registers the same number after that, and the owner asks for a new code."""
        owners = await people.register(NEW, password="owners-kettle-42")
        await people.register(NEW, password="strangers-kettle-42")

        again = await people.verification.resend(Target.phone(NEW), repeats=owners.id, client=PHONE_CLIENT)
        await people.verify(again, await people.code_of(again))

        await people.log_in(NEW, "owners-kettle-42")
        with pytest.raises(InvalidCredentialsError):
            await people.log_in(NEW, "strangers-kettle-42")

    async def test_a_code_that_names_no_challenge_is_not_sent_while_registrations_compete(self, people: People) -> None:
        await people.register(NEW, password="owners-kettle-42")
        await people.register(NEW, password="strangers-kettle-42")

        again = await people.verification.resend(Target.phone(NEW), repeats=None, client=PHONE_CLIENT)

        assert str(again.id) not in {text["challenge_id"] for text in await people.texts()}
        with pytest.raises(WrongCodeError):
            await people.verify(again, "000000")

    @pytest.mark.parametrize("phone", [PHONE, "08051234568"])
    async def test_nothing_is_sent_where_nothing_can_be_opened(self, people: People, phone: str) -> None:
        other = await people.register(NEW)
        before = len(await people.texts())

        told = await people.verification.resend(Target.phone(phone), repeats=other.id, client=PHONE_CLIENT)

        assert (told.expires_in_seconds, told.resend_after_seconds) == (300, 0)
        assert len(await people.texts()) == before

    async def test_a_registration_an_hour_old_is_not_sent_again(self, people: People) -> None:
        old = await people.register(NEW)
        await people.database.execute("UPDATE verification_codes SET created_at = now() - interval '61 minutes'")

        again = await people.verification.resend(Target.phone(NEW), repeats=old.id, client=PHONE_CLIENT)

        assert str(again.id) not in {text["challenge_id"] for text in await people.texts()}

    async def test_an_account_opened_meanwhile_is_not_opened_again(self, people: People) -> None:
        challenge = await people.register(NEW)
        await people.add_user(NEW)

        with pytest.raises(ChallengeEndedError):
            await people.verify(challenge, await people.code_of(challenge))

        await people.log_in(NEW, PASSWORD)

    async def test_sending_again_counts_as_sending(self, people: People) -> None:
        challenge = await people.register(NEW)
        for _ in range(2):
            await people.verification.resend(Target.phone(NEW), repeats=challenge.id, client=PHONE_CLIENT)

        with pytest.raises(RateLimitedError):
            await people.verification.resend(Target.phone(NEW), repeats=challenge.id, client=PHONE_CLIENT)
