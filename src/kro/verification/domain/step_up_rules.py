"""When a session alone is not enough: what takes a fresh proof of who asks, and what a proof is good for. Pure."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from kro.core.decisions import Decision
from kro.core.errors import ErrorKind, KroError
from kro.core.money import Money

_CODE: Final = re.compile(r"[0-9]{6}")


class StepUpAction(StrEnum):
    """What can be asked to be proven. The target of each is in brackets, as it is shown in the answer that asks."""

    APPROVE_ORDER = "approve_order"
    """(the order)"""
    RELEASE_PART = "release_part"
    """(the order)"""
    CONFIRM_MILESTONE = "confirm_milestone"
    """(the condition)"""
    HANDOVER_CODE = "handover_code"
    """(the order)"""
    MAKE_OFFER = "make_offer"
    """(the order)"""
    ACCEPT_OFFER = "accept_offer"
    """(the offer)"""
    PROPOSE_AMENDMENT = "propose_amendment"
    """(the order)"""
    ACCEPT_AMENDMENT = "accept_amendment"
    """(the amendment)"""
    WAIVE_APPEAL = "waive_appeal"
    """(the issue)"""
    REQUEST_PAYOUT = "request_payout"
    """(the bank account)"""
    ADD_BANK_ACCOUNT = "add_bank_account"
    """(bank code, colon, account number)"""
    CHANGE_PASSWORD = "change_password"  # noqa: S105 - the name of a task
    """(nothing: an empty text)"""
    CHANGE_PHONE = "change_phone"
    """(the new number in E.164)"""
    ADD_AUTHENTICATOR = "add_authenticator"
    """(nothing)"""
    CHANGE_EMAIL = "change_email"
    """(the new address)"""


class StepUpMethod(StrEnum):
    """An authenticator, or a code that is sent: by mail only to an account that has no phone."""

    TOTP = "totp"
    SMS = "sms"
    MAIL = "mail"


@dataclass(frozen=True, slots=True)
class StepUpTask:
    """One thing a user is about to do. A code sent for a task is good for exactly this task."""

    action: StepUpAction
    target: str = field(default="", repr=False)
    amount: Money | None = None

    def digest(self, user_id: UUID, *, key: bytes) -> bytes:
        """Return the keyed hash a task is kept as: targets may be numbers that must not be readable."""
        money = (self.amount.amount, self.amount.currency) if self.amount is not None else (None, None)
        text = json.dumps(["step_up", str(self.action), str(user_id), self.target, *money])
        return hmac.digest(key, text.encode(), hashlib.sha256)

    def facts(self) -> dict[str, Any]:
        """Return what an audit row or a message may say of a task."""
        money = {"amount": self.amount.amount, "currency": self.amount.currency} if self.amount is not None else None
        return {"action": self.action, "amount": money}


@dataclass(frozen=True, slots=True)
class StepUpClaim:
    """What came with a command as its proof: a code of the authenticator, or one that a challenge sent."""

    code: str = field(repr=False)
    challenge_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Proven:
    """A right code for a task, not yet used up: ``spent`` has to stand in the decision that does the task."""

    task: StepUpTask
    claim: StepUpClaim
    spent: Decision
    step: int | None = None
    """The time step of the authenticator's code, where it is one."""


class StepUpRequiredError(KroError):
    """This needs a fresh proof that it is you; see `step_up` for how."""

    kind = ErrorKind.FORBIDDEN
    code = "step_up_required"

    def __init__(self, task: StepUpTask, *, methods: tuple[StepUpMethod, ...] = ()) -> None:
        super().__init__()
        self.task = task
        self.told = {"step_up": {**task.facts(), "target": task.target, "methods": list(methods)}}


class StepUpSpentError(KroError):
    """The code was used for something else meanwhile; ask for a new one."""

    kind = ErrorKind.GONE
    code = "step_up_spent"


@dataclass(frozen=True, slots=True)
class StepUpRules:
    """Up to which amount, in minor units by currency, a session is enough. A currency that is not listed: nothing."""

    above_minor: Mapping[str, int]

    def is_above(self, amount: Money) -> bool:
        return amount.amount > self.above_minor.get(amount.currency, 0)


@dataclass(frozen=True, slots=True)
class Gate:
    """What a decision asks whether a task may be done; without a proof it lets small amounts through, nothing else."""

    rules: StepUpRules
    proven: Proven | None = None

    def pay(self, task: StepUpTask, *, counted: Money) -> Decision:
        """Return what to add to a decision that moves money: nothing for small amounts, else the proof's use.

        :param counted: what is held against the threshold: the amount and what has gone the same way before, so that
            nobody gets around it in small parts.
        :raises StepUpRequiredError: when it takes a proof and there is none for this very task.
        """
        return self.demand(task) if self.rules.is_above(counted) else Decision()

    def demand(self, task: StepUpTask) -> Decision:
        """Return the use of the proof, to add to the decision that does the task.

        :raises StepUpRequiredError: when there is no proof for this very task.
        """
        if self.proven is None or self.proven.task != task:
            raise StepUpRequiredError(task)
        return self.proven.spent

    def with_proof(self, proven: Proven | None) -> Gate:
        return replace(self, proven=proven)


SHUT: Final = Gate(StepUpRules({}))
"""What holds where nobody has said otherwise: every amount needs a proof, and there is none."""


def code_mac(code: str, *, key: bytes, task_hash: bytes, challenge_id: UUID) -> bytes:
    """Return the keyed hash a code is kept as, bound to its task and its challenge."""
    message = "\n".join(("step_up", task_hash.hex(), str(challenge_id), code)).encode()
    return hmac.digest(key, message, hashlib.sha256)


def is_right_code(code: str, *, mac: bytes, key: bytes, task_hash: bytes, challenge_id: UUID) -> bool:
    """Compare a code in constant time; spaces are ignored, other scripts' digits are not digits."""
    digits = code.replace(" ", "")
    expected = code_mac(digits, key=key, task_hash=task_hash, challenge_id=challenge_id)
    return _CODE.fullmatch(digits) is not None and hmac.compare_digest(expected, mac)
