"""What every settings group shares: frozen, closed against unknown keys, camelCase in the files."""

import base64
import binascii
from pathlib import Path
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretBytes, SecretStr
from pydantic.alias_generators import to_camel

KEY_BYTES: Final = 32


class Group(BaseModel):
    """One concern's settings. Files say ``camelCase``, Python says ``snake_case``."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        # What holds them all builds them all; on their own only tests use them.
        defer_build=True,
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        populate_by_name=True,
    )


def _decode_key(value: object) -> object:
    """Read a 256-bit key from base64; bytes pass so that tests can build groups directly."""
    if not isinstance(value, str):
        return value
    try:
        key = base64.b64decode(value, validate=True)
    except binascii.Error:
        key = b""
    if len(key) != KEY_BYTES:
        raise ValueError("must be 32 random bytes in base64 (make one with: openssl rand -base64 32)")
    return key


def _check_url(value: str) -> str:
    if not value.startswith(("https://", "http://")) or value.endswith("/"):
        raise ValueError("must start with https:// or http:// and not end with a slash")
    return value


Key256 = Annotated[SecretBytes, BeforeValidator(_decode_key)]
"""A 256-bit secret key: base64 in the file, 32 bytes from ``get_secret_value()``."""

BaseURL = Annotated[str, AfterValidator(_check_url)]
Port = Annotated[int, Field(ge=0, le=65_535)]
Positive = Annotated[int, Field(gt=0)]
NotNegative = Annotated[int, Field(ge=0)]
Seconds = Annotated[float, Field(gt=0)]
FilePath = Annotated[Path, Field(strict=False)]
"""A path; relative ones are taken from the working directory."""


def together(first: SecretStr | None, others: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
    """Return all keys that are accepted: the one in its place and those beside it during a rotation."""
    return others if first is None else (first, *others)
