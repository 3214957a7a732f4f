"""Transfer recipients, with codes that outlive the sandbox's memory."""

import re
import string

from kro_sandbox.core.clock import Clock
from kro_sandbox.core.wire import JSONObject
from kro_sandbox.paystack.banks import ACCOUNT_DIGITS, account_name, find_bank
from kro_sandbox.paystack.errors import PaystackError, missing
from kro_sandbox.paystack.state import PaystackState, Recipient

_DIGITS = string.digits + string.ascii_lowercase
_CODE_LENGTH = 15


class Recipients:
    def __init__(self, *, state: PaystackState, clock: Clock) -> None:
        self._state = state
        self._clock = clock

    def create(self, body: JSONObject) -> tuple[Recipient, bool]:
        """Create the recipient of an account, or find the one it already has; tell whether it is new.

        :raises PaystackError: when the account does not exist.
        """
        for name in ("type", "name", "account_number", "bank_code"):
            if not body.get(name):
                raise missing(name)
        if body["type"] != "nuban":
            raise PaystackError("Recipient type is not supported by the sandbox")
        bank_code, account_number = str(body["bank_code"]), str(body["account_number"])
        if find_bank(bank_code) is None:
            raise PaystackError("Bank is invalid", code="invalid_bank_code")
        if account_name(bank_code=bank_code, account_number=account_number) is None:
            raise PaystackError("Account number is invalid", code="invalid_account_number")
        code = recipient_code(bank_code=bank_code, account_number=account_number)
        known = self._state.recipients.get(code)
        if known is not None:
            return known, False
        return self._add(code, bank_code, account_number, body), True

    def find(self, code: object) -> Recipient:
        """Find a recipient by code, also one that an earlier run of the sandbox gave out.

        :raises PaystackError: when the code was never given out.
        """
        known = self._state.recipients.get(str(code))
        if known is not None:
            return known
        account = account_of(str(code))
        if account is None or account_name(bank_code=account[0], account_number=account[1]) is None:
            raise PaystackError("Recipient specified is invalid", code="invalid_transfer_recipient")
        return self._add(str(code), *account, {})

    def _add(self, code: str, bank_code: str, account_number: str, body: JSONObject) -> Recipient:
        bank = find_bank(bank_code)
        resolved = account_name(bank_code=bank_code, account_number=account_number) or ""
        recipient = Recipient(
            id=self._state.ids.next(),
            code=code,
            name=str(body.get("name") or resolved),
            account_number=account_number,
            account_name=resolved,
            bank_code=bank_code,
            bank_name="" if bank is None else bank.name,
            currency=str(body.get("currency") or "NGN"),
            description=body.get("description"),
            metadata=body.get("metadata"),
            created_at=self._clock.now(),
        )
        self._state.recipients[code] = recipient
        return recipient


def recipient_code(*, bank_code: str, account_number: str) -> str:
    """Derive the code from the account.

    The product keeps these codes in a database that outlives the sandbox's memory; derived codes still mean the same
    account after a restart.
    """
    number = int(f"{len(bank_code)}{bank_code}{account_number}")
    written = ""
    while number:
        number, digit = divmod(number, len(_DIGITS))
        written = _DIGITS[digit] + written
    return "RCP_" + written.rjust(_CODE_LENGTH, "0")


def account_of(code: str) -> tuple[str, str] | None:
    """Read bank code and account number back from a recipient code; None when it is not one of ours."""
    if not re.fullmatch(r"RCP_[0-9a-z]{15}", code):
        return None
    digits = str(int(code.removeprefix("RCP_"), len(_DIGITS)))
    length = int(digits[0])
    if len(digits) != 1 + length + ACCOUNT_DIGITS:
        return None
    return digits[1 : 1 + length], digits[1 + length :]
