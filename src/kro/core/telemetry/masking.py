"""Shows enough of a personal value to recognize it and not enough to use it."""

from __future__ import annotations

import re
from typing import Final

_SECRETS: Final = re.compile(
    r"(?i)\b(?:bearer\s+\S+|eyJ[\w-]+\.[\w-]+\.[\w-]*|(?:sk|pk)_(?:live|test)_\w+|SG\.[\w.-]+|TL_?\w{8,})"
)
_CREDENTIALS_IN_URL: Final = re.compile(r"(?<=://)[^\s/@]+@")
_EMAIL: Final = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_LONG_NUMBER: Final = re.compile(r"\+?(?<![\w-])\d{9,}(?![\w-])")
_PHONE_HEAD: Final = 4
_TAIL: Final = 4


def mask_phone(phone: str) -> str:
    """Return ``+234******1234``."""
    return f"{phone[:_PHONE_HEAD]}******{phone[-_TAIL:]}" if len(phone) > _PHONE_HEAD + _TAIL else "******"


def mask_email(email: str) -> str:
    """Return ``a***@d***``."""
    name, _, domain = email.partition("@")
    return f"{name[:1]}***@{domain[:1]}***"


def mask_account(number: str) -> str:
    """Return ``******6789``."""
    return f"******{number[-_TAIL:]}" if len(number) > _TAIL else "******"


def scrub(text: str) -> str:
    """Mask whatever in a free text looks like a secret, an address, a phone or an account number.

    Only for texts that are not ours, such as the log lines of libraries; our own lines have fields.
    """
    text = _CREDENTIALS_IN_URL.sub("***@", text)
    text = _SECRETS.sub("***", text)
    text = _EMAIL.sub(lambda found: mask_email(found[0]), text)
    return _LONG_NUMBER.sub(lambda found: mask_account(found[0]), text)
