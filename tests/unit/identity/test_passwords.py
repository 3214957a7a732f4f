from __future__ import annotations

import asyncio
import threading

import pytest
from passlib.hash import bcrypt  # type: ignore[import-untyped] # libpass ships no types

from kro.core.auth.passwords import PasswordHasher, WeakPasswordError, check_password

GOOD = "copper-kettle-42"


class TestCheckPassword:
    @pytest.mark.parametrize("password", [GOOD, "a b c d e", "ẹ́kọ́-ọ̀jẹ̀-42", "x1y2z3" * 21])
    def test_accepts(self, password: str) -> None:
        check_password(password)

    @pytest.mark.parametrize(
        "password",
        ["short1!", "x1y2z3" * 22, "PassWord123", "12345678", "aaaaaaaa", "abcabcabc", "QWERTYUIOP"],
    )
    def test_refuses_what_guessing_finds_first(self, password: str) -> None:
        with pytest.raises(WeakPasswordError):
            check_password(password)

    @pytest.mark.parametrize("password", ["+2348031234567", "2348031234567", "08031234567", "Demo.Buyer@Example.com"])
    def test_refuses_the_persons_own_data(self, password: str) -> None:
        with pytest.raises(WeakPasswordError):
            check_password(password, personal=("+2348031234567", "demo.buyer@example.com", ""))


class TestPasswordHasher:
    @pytest.fixture
    def hasher(self) -> PasswordHasher:
        return PasswordHasher(memory_kib=32, rounds=1)

    async def test_knows_its_own_hash(self, hasher: PasswordHasher) -> None:
        stored = await hasher.hash(GOOD)

        assert (await hasher.verify(GOOD, stored)).correct
        assert (await hasher.verify(GOOD, stored)).renewed is None
        assert not (await hasher.verify(GOOD + "x", stored)).correct

    async def test_takes_one_character_however_it_was_typed(self, hasher: PasswordHasher) -> None:
        stored = await hasher.hash("caf\u00e9-42-lagos")

        assert (await hasher.verify("cafe\u0301-42-lagos", stored)).correct

    async def test_nobody_has_no_password(self, hasher: PasswordHasher) -> None:
        assert not (await hasher.verify(GOOD, None)).correct

    async def test_defaults_are_argon2id_with_64_mebibytes_and_three_rounds_for_somebody_and_for_nobody(self) -> None:
        hasher = PasswordHasher()

        stored = await hasher.hash(GOOD)

        parameters = "$argon2id$v=19$m=65536,t=3,p=4$"
        assert stored.startswith(parameters)
        assert hasher._nobody.startswith(parameters)
        assert [len(part) for part in stored.split("$")] == [len(part) for part in hasher._nobody.split("$")]

    @pytest.mark.parametrize("password", [GOOD, "long-passphrase-" * 7])
    async def test_an_older_bcrypt_hash_is_verified_and_renewed(self, hasher: PasswordHasher, password: str) -> None:
        stored = bcrypt.using(rounds=4).hash(password.encode()[:72])

        verdict = await hasher.verify(password, stored)

        assert verdict.correct
        assert verdict.renewed is not None
        assert (await hasher.verify(password, verdict.renewed)).correct
        assert not (await hasher.verify(password[:-1], verdict.renewed)).correct

    async def test_hashes_in_threads_and_few_at_a_time(self, hasher: PasswordHasher) -> None:
        running = 0
        most = 0
        threads = set()
        lock = threading.Lock()
        gate = threading.Event()

        def work() -> None:
            nonlocal running, most
            with lock:
                running += 1
                most = max(most, running)
                threads.add(threading.current_thread())
            gate.wait(0.05)
            with lock:
                running -= 1

        await asyncio.gather(*(hasher._in_thread(work) for _ in range(6)))

        assert most == 2
        assert threading.main_thread() not in threads
