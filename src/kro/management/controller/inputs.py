"""What clients send about people."""

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from kro.core.auth.passwords import MAX_LENGTH
from kro.core.guards import CaptchaToken
from kro.core.http import Email, Input, id_text
from kro.verification.domain import ProvenIn

Phone = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=5, max_length=40),
    Field(description="A Nigerian mobile number in any usual form.", examples=["08031234567"]),
]
PersonName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]
NewPassword = Annotated[
    str,
    StringConstraints(max_length=MAX_LENGTH),
    Field(description="8 to 128 characters that are not easy to guess.", examples=["copper-kettle-42"]),
]
Password = Annotated[str, StringConstraints(min_length=1, max_length=MAX_LENGTH), Field(examples=["copper-kettle-42"])]
Code = Annotated[str, StringConstraints(min_length=6, max_length=10), Field(examples=["123456"])]
RecoveryCode = Annotated[str, StringConstraints(min_length=16, max_length=40), Field(examples=["ABCD-EFGH-IJKL-MNOP"])]
Secret = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class RegisterIn(Input):
    """The phone is proven by a code. Without one the code goes to the mail address; a phone can be added later."""

    phone: Phone | None = None
    password: NewPassword
    first_name: PersonName = Field(examples=["Demo"])
    last_name: PersonName = Field(examples=["Buyer"])
    email: Email | None = None
    captcha_token: CaptchaToken | None = None


class ClaimIn(Input):
    """The number is the one the link was sent to."""

    password: NewPassword
    first_name: PersonName = Field(examples=["Demo"])
    last_name: PersonName = Field(examples=["Seller"])
    email: Email | None = None


class VerifyIn(Input):
    challenge_id: str = Field(examples=["otp_01kajz7k3nf9b8r2m4q6s8t0vw"])
    code: Code


class LoginIn(Input):
    """With the phone, or with the mail address once it is proven.

    Whoever has an authenticator gives its code or a recovery code as well: `two_factor_required` asks for it.
    """

    phone: Phone | None = None
    email: Email | None = None
    password: Password
    totp: Code | None = None
    recovery_code: RecoveryCode | None = None


class MagicLinkIn(Input):
    """A phone, or a mail address that was proven."""

    phone: Phone | None = None
    email: Email | None = None
    captcha_token: CaptchaToken | None = None


class ForgotIn(Input):
    """A phone gets a code, a proven mail address a link."""

    phone: Phone | None = None
    email: Email | None = None
    captcha_token: CaptchaToken | None = None


class ResetIn(Input):
    """Either the code with its challenge, or the token out of the link."""

    challenge_id: str | None = Field(default=None, examples=["otp_01kajz7k3nf9b8r2m4q6s8t0vw"])
    code: Code | None = None
    token: Secret | None = None
    password: NewPassword


class ContactChangeIn(ProvenIn):
    """The new phone or mail address, and your password."""

    phone: Phone | None = None
    email: Email | None = None
    password: Password


class ContactConfirmIn(Input):
    side: Literal["new", "old"]
    challenge_id: Annotated[str, id_text("otp")] = Field(examples=["otp_01kajz7k3nf9b8r2m4q6s8t0vw"])
    code: Code


class DataExportIn(Input):
    password: Password


class CloseIn(Input):
    password: Password


class PasswordChangeIn(ProvenIn):
    current_password: Password
    password: NewPassword


class RefreshIn(Input):
    refresh_token: Secret


class AdminLoginIn(Input):
    """With a code of the authenticator, or a recovery code when it is lost."""

    email: Email
    password: Password
    totp: Code | None = None
    recovery_code: RecoveryCode | None = None


class EnrolmentStartIn(Input):
    token: Secret = Field(description="Out of the link of the mail.")
    password: NewPassword


class EnrolmentConfirmIn(Input):
    token: Secret
    totp: Code


class ProfileIn(Input):
    """Fields left out stay as they are; ``email: null`` removes the address."""

    first_name: PersonName | None = None
    last_name: PersonName | None = None
    email: Email | None = None


class AccountNumberIn(Input):
    bank_code: str = Field(pattern=r"^[0-9A-Za-z]{2,12}$", examples=["058"])
    account_number: str = Field(pattern=r"^[0-9]{10}$", description="A NUBAN: ten digits.", examples=["0123456789"])


class BankAccountIn(AccountNumberIn, ProvenIn):
    """An account of yours, with a fresh proof that it is you who adds it."""


class FactorStartIn(ProvenIn):
    """The password once more, and a fresh proof."""

    password: Password


class FactorCodeIn(Input):
    totp: Code


class FactorProofIn(Input):
    """A code of the authenticator, or a recovery code."""

    totp: Code | None = None
    recovery_code: RecoveryCode | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.totp is None) == (self.recovery_code is None):
            raise ValueError("Give totp or recovery_code, one of the two")
        return self
