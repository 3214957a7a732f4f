"""Passwords: what is accepted, and how they are kept (argon2id)."""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, TypeVar

from kro.core.errors import ErrorKind, FieldError, KroError

MIN_LENGTH: Final = 8
MAX_LENGTH: Final = 128

_PARALLELISM: Final = 4
_FEWEST_DIFFERENT: Final = 4
_BCRYPT: Final = "$2"
_BCRYPT_BYTES: Final = 72
"""bcrypt never looked further; the current library refuses what earlier ones cut silently."""

# The head of every list of leaked passwords, as far as it has eight characters; compared without case.
_COMMON: Final = frozenset(
    """
    password password1 password12 password123 password1234 passw0rd p@ssw0rd p@ssword pa$$word
    12345678 123456789 1234567890 0123456789 87654321 987654321 0987654321 11223344 12341234 123123123 147258369
    123qweasd 123qwe123 1q2w3e4r 1q2w3e4r5t 1qaz2wsx qwertyui qwertyuiop qwerty12 qwerty123 qwerty1234 asdfghjkl
    zxcvbnm1 abcd1234 abc12345 a1b2c3d4 iloveyou iloveyou1 sunshine princess football baseball superman
    liverpool manchester chelsea1 arsenal1 trustno1 letmein1 welcome1 whatever starwars computer internet
    nigeria1 nigeria123 naija123 lagos123 godisgood jesus123 jesuschrist blessing blessing1 administrator admin123
    changeme changeme1 secret123 krotrust krotrust1 krotrust123
    """.split()  # noqa: SIM905 - a wall of quotes would be harder to read
)

T = TypeVar("T")


class WeakPasswordError(KroError):
    """The password is too short, too long or too easy to guess."""

    kind = ErrorKind.INVALID
    code = "weak_password"

    def __init__(self) -> None:
        detail = f"Choose {MIN_LENGTH} to {MAX_LENGTH} characters that are not easy to guess."
        super().__init__(detail, errors=(FieldError("/password", self.code, detail),))


def check_password(password: str, *, personal: tuple[str, ...] = ()) -> None:
    """Refuse a password that guessing would find first: common ones, repeated characters, the person's own data.

    :raises WeakPasswordError: without saying which rule it was.
    """
    folded = unicodedata.normalize("NFC", password).casefold()
    guesses = {guess.casefold().removeprefix("+") for guess in personal if guess}
    local_phones = {f"0{guess.removeprefix('234')}" for guess in guesses if guess.startswith("234")}
    if (
        not MIN_LENGTH <= len(folded) <= MAX_LENGTH
        or folded in _COMMON
        or len(set(folded)) < _FEWEST_DIFFERENT
        or folded.removeprefix("+") in guesses | local_phones
    ):
        raise WeakPasswordError


@dataclass(frozen=True, slots=True)
class Verdict:
    """``renewed`` is a fresh hash to store when the password was right and its hash is of an older kind."""

    correct: bool
    renewed: str | None = None


class PasswordHasher:
    """Hashes in threads, few at a time: one hash holds 64 MiB, and the event loop never waits for it.

    Call it with no transaction open. Older bcrypt hashes are verified and come back renewed.
    """

    def __init__(self, *, memory_kib: int = 64 * 1024, rounds: int = 3, at_once: int = 2) -> None:
        self._costs = {"argon2__memory_cost": memory_kib, "argon2__time_cost": rounds}
        # Well-formed but matching nothing: an unknown person costs exactly what a wrong password costs.
        self._nobody = f"$argon2id$v=19$m={memory_kib},t={rounds},p={_PARALLELISM}${'A' * 22}${'A' * 43}"
        self._slots = asyncio.Semaphore(at_once)

    @cached_property
    def _context(self) -> Any:  # noqa: ANN401 - libpass ships no types
        # Loaded in the thread of the first password: a server is ready without it.
        from passlib.context import CryptContext  # type: ignore[import-untyped] # noqa: PLC0415

        return CryptContext(
            schemes=["argon2", "bcrypt"], deprecated=["bcrypt"], argon2__parallelism=_PARALLELISM, **self._costs
        )

    async def hash(self, password: str) -> str:
        return await self._in_thread(lambda: str(self._context.hash(_normal(password))))

    async def verify(self, password: str, stored: str | None) -> Verdict:
        """Compare a password with its stored hash, or with nobody's when there is none: the work is the same."""
        return await self._in_thread(lambda: self._judge(_normal(password), stored or self._nobody))

    def _judge(self, password: bytes, stored: str) -> Verdict:
        known = password[:_BCRYPT_BYTES] if stored.startswith(_BCRYPT) else password
        if not self._context.verify(known, stored):
            return Verdict(correct=False)
        renewed = str(self._context.hash(password)) if self._context.needs_update(stored) else None
        return Verdict(correct=True, renewed=renewed)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        async with self._slots:
            return await asyncio.to_thread(work)


def _normal(password: str) -> bytes:
    return unicodedata.normalize("NFC", password).encode()
