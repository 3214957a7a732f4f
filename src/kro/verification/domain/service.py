"""Sends codes to phone numbers and mail addresses, and checks them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final
from uuid import UUID

from kro.core.auth.randomness import Randomness
from kro.core.auth.sessions import Client
from kro.core.config import OTPSettings
from kro.core.decisions import Decision, Message
from kro.core.decisions.encoding import encode
from kro.core.encryption import FieldCipher
from kro.core.ids import IdSource
from kro.core.rate_limit import Limit, RateLimiter, network_of
from kro.core.sms import TextChannel
from kro.verification.database import NewCode, VerificationCodes
from kro.verification.domain.codes import CODE_DIGITS, Purpose, is_right, mac_of
from kro.verification.domain.errors import ChallengeEndedError, WrongCodeError
from kro.verification.domain.resending import delay_after, ensure_waited, too_soon
from kro.verification.domain.targets import Target, TargetChannel

OTP_TOPIC: Final = "sms.otp"
MAIL_OTP_TOPIC: Final = "mail.otp"
_TEN_MINUTES: Final = 600
_DAY: Final = 86_400
# Mobile carriers put thousands of subscribers behind one address, so these stop floods and nothing finer.
SENDS_BY_NETWORK: Final = Limit("otp_network", quota=60, window_seconds=_TEN_MINUTES)
TRIES_BY_NETWORK: Final = Limit("otp_try_network", quota=120, window_seconds=_TEN_MINUTES)
RESEND_AFTER_SECONDS: Final = 60


@dataclass(frozen=True, slots=True)
class Challenge:
    """What a client learns about a code on its way; the same whether or not one was sent."""

    id: UUID
    expires_in_seconds: int
    resend_after_seconds: int


@dataclass(frozen=True, slots=True)
class Proof:
    """A right code, not yet used up: redeem its challenge in the statement that acts on it (``REDEEM_CODE``).

    ``user_id`` is whose account the code was sent for; a registration has none.
    """

    challenge_id: UUID
    target: str = field(repr=False)
    draft: Mapping[str, Any] = field(repr=False)
    user_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class DrawnCode:
    """A challenge to be written and the message that carries its code."""

    code: NewCode
    message: Message


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

    async def count_send(self, target: Target, *, client: Client) -> None:
        """Count a code or link about to be sent.

        :raises RateLimitedError: when the network, or the number or address, had too many.
        """
        await self._limiter.hit(
            (SENDS_BY_NETWORK, network_of(client.ip)),
            (self._by_number, target.address),
            (self._by_number_daily, target.address),
        )

    async def issue(self, target: Target, *, draft: Mapping[str, Any]) -> Challenge:
        """Challenge who wants an account, replacing an earlier challenge; call :meth:`count_send` first.

        :param draft: what the right code will open; it comes back with the :class:`Proof`.
        """
        drawn = self.draw(target, purpose=Purpose.REGISTER)
        await self._codes.issue(drawn.code, draft=draft, message=_alone(drawn))
        return self.told(drawn)

    async def issue_to_owner(self, target: Target, *, purpose: Purpose, client: Client) -> Challenge:
        """Send a code to whoever has an account by this number or proven address; the answer is the same for nobody.

        :raises RateLimitedError: when the network, or the number or address, had too many codes.
        """
        await self.count_send(target, client=client)
        drawn = self.draw(target, purpose=purpose)
        await self._codes.issue_to_owner(drawn.code, message=_alone(drawn))
        return self.told(drawn)

    async def resend(
        self, target: Target, *, repeats: UUID | None, client: Client, wish: TextChannel = TextChannel.SMS
    ) -> Challenge:
        """Send a new code for a challenge, or for the only registration a target has open. The old code dies.

        :param repeats: the challenge whose code did not arrive; needed once several registrations compete for a number.
        :param wish: how a text should come; WhatsApp may be asked for after half the wait.
        :raises RateLimitedError: when the network, or the number or address, had too many codes, or the last one was
            sent too short a time ago; each makes the next wait longer.
        """
        recent = await self._codes.recent(phone=target.number, email=target.mailbox, purpose=Purpose.REGISTER)
        delays = self._settings.resend_seconds
        ensure_waited(recent, delays=delays, on_whatsapp=wish is TextChannel.WHATSAPP)
        await self.count_send(target, client=client)
        drawn = self.draw(target, purpose=Purpose.REGISTER, wish=wish)
        following = delay_after(recent.sent + 1, delays)
        if not await self._codes.reissue(drawn.code, repeats=repeats, after=recent.newest, message=_alone(drawn)):
            raise too_soon(following, remaining=following)
        return replace(self.told(drawn), resend_after_seconds=following)

    async def check(
        self, *, challenge_id: UUID, code: str, client: Client, purpose: Purpose = Purpose.REGISTER
    ) -> Proof:
        """Count a try, then compare.

        :raises RateLimitedError: when the network tried too many codes.
        :raises ChallengeEndedError: when the challenge is unknown, expired, used, replaced or out of tries.
        :raises WrongCodeError: when the code is another.
        """
        await self._limiter.hit((TRIES_BY_NETWORK, network_of(client.ip)))
        tried = await self._codes.count_try(id=challenge_id, purpose=purpose, max_tries=self._settings.max_tries)
        if tried is None:
            raise ChallengeEndedError
        if not is_right(
            code, mac=tried.mac, key=self._key, purpose=purpose, target=tried.target, challenge_id=challenge_id
        ):
            raise WrongCodeError
        if tried.draft is None and tried.user_id is None:
            # Nobody was sent this code; it was guessed, and there is nothing it could open.
            raise ChallengeEndedError
        return Proof(challenge_id, tried.target, tried.draft or {}, tried.user_id)

    def draw(
        self,
        target: Target,
        *,
        purpose: Purpose,
        wish: TextChannel = TextChannel.SMS,
        user_id: UUID | None = None,
    ) -> DrawnCode:
        """Return a code nobody knows yet; :meth:`count_send` first, and write both parts in one statement.

        :param user_id: whose account asks for it, where one does: the message reads their language.
        """
        challenge_id = self._ids.new()
        digits = self._randomness.digits(CODE_DIGITS)
        mac = mac_of(digits, key=self._key, purpose=purpose, target=target.address, challenge_id=challenge_id)
        code = NewCode(challenge_id, purpose, target.number, target.mailbox, mac, self._settings.ttl_seconds)
        texted = target.channel is TargetChannel.SMS
        message = Message(
            id=self._ids.new(),
            topic=OTP_TOPIC if texted else MAIL_OTP_TOPIC,
            payload={
                "phone" if texted else "email": target.address,
                "sealed": self._cipher.seal(digits, context=str(challenge_id)),
                "challenge_id": str(challenge_id),
                "purpose": purpose,
                **({"user_id": user_id} if user_id is not None else {}),
                **({"channel": wish} if texted and wish is not TextChannel.SMS else {}),
            },
        )
        return DrawnCode(code, message)

    def told(self, drawn: DrawnCode) -> Challenge:
        """Return what a client is told of a code."""
        return Challenge(drawn.code.id, self._settings.ttl_seconds, RESEND_AFTER_SECONDS)


def _alone(drawn: DrawnCode) -> str:
    return encode(Decision(messages=(drawn.message,)))
