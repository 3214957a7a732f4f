"""What stands before codes, links and accounts."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, SecretStr, model_validator

from kro.core.config.groups import BaseURL, Group, Positive

Score = Annotated[float, Field(ge=0, le=1)]


class CaptchaVersion(StrEnum):
    V2 = "v2"
    V3 = "v3"


class CaptchaSettings(Group):
    """Nothing is asked of anybody unless ``enabled``. Browsers get ``site_key`` with the pages of the apps."""

    enabled: bool = False
    version: CaptchaVersion = CaptchaVersion.V3
    base_url: BaseURL = "https://www.google.com"
    site_key: str | None = None
    secret_key: SecretStr | None = None
    hostnames: tuple[str, ...] = ()
    """Where challenges may be solved: the host names of the apps' pages."""
    max_age_seconds: Positive = 120
    scores: dict[str, Score] = {}  # noqa: RUF012 - pydantic copies defaults
    """The least score per action (v3): ``register``, ``otp_send``, ``password_forgot``, ``magic_link``."""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.enabled and (self.secret_key is None or not self.hostnames):
            raise ValueError("needs secretKey and hostnames once it is enabled")
        actions = {"register", "otp_send", "password_forgot", "magic_link"}
        if self.enabled and self.version is CaptchaVersion.V3 and self.scores.keys() != actions:
            raise ValueError(f"scores must name exactly {', '.join(sorted(actions))}")
        return self
