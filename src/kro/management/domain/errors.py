from __future__ import annotations

from kro.core.errors import ErrorKind, KroError


class InvalidCredentialsError(KroError):
    """The phone number or the password is wrong."""

    kind = ErrorKind.UNAUTHENTICATED
    code = "invalid_credentials"


class AdminCredentialsError(KroError):
    """The e-mail address, the password or the code is wrong; after five wrong codes wait fifteen minutes."""

    kind = ErrorKind.UNAUTHENTICATED
    code = "invalid_credentials"


class UserNotFoundError(KroError):
    """Nobody to trade with has this number."""

    kind = ErrorKind.NOT_FOUND
    code = "user_not_found"


class SessionNotFoundError(KroError):
    """There is no such session."""

    kind = ErrorKind.NOT_FOUND
    code = "session_not_found"


class BankAccountNotFoundError(KroError):
    """There is no such bank account."""

    kind = ErrorKind.NOT_FOUND
    code = "bank_account_not_found"


class BankAccountExistsError(KroError):
    """This bank account is already yours."""

    code = "bank_account_exists"


class TooManyBankAccountsError(KroError):
    """There are too many bank accounts; remove one first."""

    code = "too_many_bank_accounts"


class AccountNotResolvedError(KroError):
    """The bank does not know this account number."""

    kind = ErrorKind.INVALID
    code = "account_not_resolved"


class UnknownBankError(KroError):
    """There is no such bank to pay to."""

    kind = ErrorKind.INVALID
    code = "unknown_bank"


class PayoutsRestError(KroError):
    """Payouts rest for a while after the password, the phone or the mail address was changed."""

    code = "payouts_rest"
    retryable = True


class ContactUnchangedError(KroError):
    """This is the number or address the account has already."""

    code = "contact_unchanged"


class ContactChangeNotFoundError(KroError):
    """There is no such change under way."""

    kind = ErrorKind.NOT_FOUND
    code = "contact_change_not_found"


class NamesVerifiedError(KroError):
    """These names are verified or being verified; contact support to change them."""

    code = "names_verified"


class EmailProvenError(KroError):
    """A proven mail address is changed by a contact change, not with the profile."""

    code = "email_proven"
