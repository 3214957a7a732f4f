"""Sends codes to phone numbers and checks them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from kro.core.auth.randomness import Randomness
from kro.core.auth.sessions import Client
from kro.core.config import OTPSettings
from kro.core.decisions import Decision, Message
from kro.core.decisions.encoding import encode
from kro.core.encryption import FieldCipher
from kro.core.ids import IdSource
from kro.core.phone import to_e164
from kro.core.rate_limit import Limit, RateLimiter, network_of
from kro.verification.database import NewCode, VerificationCodes
from kro.verification.domain.codes import CODE_DIGITS, Purpose, is_right, mac_of
from kro.verification.domain.errors import ChallengeEndedError, WrongCodeError

OTP_TOPIC: Final = "sms.otp"
_TEN_MINUTES: Final = 600
_DAY: Final = 86_400
# Mobile carriers put thousands of subscribers behind one address, so these stop floods and nothing finer.
_SENDS_BY_NETWORK: Final = Limit("otp_network", quota=60, window_seconds=_TEN_MINUTES)
_TRIES_BY_NETWORK: Final = Limit("otp_try_network", quota=120, window_seconds=_TEN_MINUTES)
_RESEND_AFTER_SECONDS: Final = 60


@dataclass(frozen=True, slots=True)
class Challenge:
    """What a client learns about a code on its way; the same whether or not one was sent."""

    id: UUID
    expires_in_seconds: int
    resend_after_seconds: int


@dataclass(frozen=True, slots=True)
class Proof:
    """A right code, not yet used up: redeem its challenge in the statement that acts on it (``REDEEM_CODE``)."""

    challenge_id: UUID
    phone: str
    draft: Mapping[str, Any] = field(repr=False)


class Verification:
    def __init__(
        self,
        codes: VerificationCodes,
        *,
        limiter: RateLimiter,
        key: bytes,
        cipher: FieldCipher,
        settings: OTPSettings,
        ids: IdSource,
        randomness: Randomness,
    ) -> None:
        self._codes = codes
        self._limiter = limiter
        self._key = key
        self._cipher = cipher
        self._settings = settings
        self._ids = ids
        self._randomness = randomness
        self._by_number = Limit("otp_number", settings.sends_per_ten_minutes, _TEN_MINUTES)
        self._by_number_daily = Limit("otp_number_day", settings.sends_per_day, _DAY)

    async def count_send(self, *, phone: str, client: Client) -> None:
        """Count a code about to be sent.

        :raises RateLimitedError: when the network or the number had too many.
        """
        await self._limiter.hit(
            (_SENDS_BY_NETWORK, network_of(client.ip)), (self._by_number, phone), (self._by_number_daily, phone)
        )

    async def issue(self, *, phone: str, draft: Mapping[str, Any]) -> Challenge:
        """Challenge a number (E.164), replacing its earlier challenge; call :meth:`count_send` first.

        :param draft: what the right code will open; it comes back with the :class:`Proof`.
        """
        code, message = self._draw(phone)
        await self._codes.issue(code, draft=draft, message=message)
        return self._told(code)

    async def resend(self, *, phone: str, repeats: UUID | None, client: Client) -> Challenge:
        """Send a new code for a challenge, or for the only registration a number has open. The old code dies.

        :param repeats: the challenge whose code did not arrive; needed once several registrations compete for a number.
        :raises InvalidPhoneError: when the number is not a mobile number we serve.
        :raises RateLimitedError: when the network or the number had too many codes.
        """
        number = to_e164(phone)
        await self.count_send(phone=number, client=client)
        code, message = self._draw(number)
        await self._codes.reissue(code, repeats=repeats, message=message)
        return self._told(code)

    async def check(self, *, challenge_id: UUID, code: str, client: Client) -> Proof:
        """Count a try, then compare.

        :raises RateLimitedError: when the network tried too many codes.
        :raises ChallengeEndedError: when the challenge is unknown, expired, used, replaced or out of tries.
        :raises WrongCodeError: when the code is another.
        """
        await self._limiter.hit((_TRIES_BY_NETWORK, network_of(client.ip)))
        tried = await self._codes.count_try(
            id=challenge_id, purpose=Purpose.REGISTER, max_tries=self._settings.max_tries
        )
        if tried is None:
            raise ChallengeEndedError
        if not is_right(
            code,
            mac=tried.mac,
            key=self._key,
            purpose=Purpose.REGISTER,
            phone=tried.phone,
            challenge_id=challenge_id,
        ):
            raise WrongCodeError
        if tried.draft is None:
            # Nobody was sent this code; it was guessed, and there is nothing it could open.
            raise ChallengeEndedError
        return Proof(challenge_id=challenge_id, phone=tried.phone, draft=tried.draft)

    def _draw(self, phone: str) -> tuple[NewCode, str]:
        challenge_id = self._ids.new()
        digits = self._randomness.digits(CODE_DIGITS)
        mac = mac_of(digits, key=self._key, purpose=Purpose.REGISTER, phone=phone, challenge_id=challenge_id)
        code = NewCode(challenge_id, Purpose.REGISTER, phone, mac, self._settings.ttl_seconds)
        message = Message(
            id=self._ids.new(),
            topic=OTP_TOPIC,
            payload={
                "phone": phone,
                "sealed": self._cipher.seal(digits, context=str(challenge_id)),
                "challenge_id": str(challenge_id),
                "purpose": Purpose.REGISTER,
            },
        )
        return code, encode(Decision(messages=(message,)))

    def _told(self, code: NewCode) -> Challenge:
        return Challenge(code.id, self._settings.ttl_seconds, _RESEND_AFTER_SECONDS)
