"""Who is told what the program does, and how much of it."""

from typing import Annotated, Self

from pydantic import Field, IPvAnyNetwork, SecretStr, model_validator

from kro.core.config.groups import BaseURL, Group, Port, Positive, Seconds


class HighlightSettings(Group):
    """Where telemetry goes by OTLP over HTTP; without ``endpoint`` nowhere. Any OTLP collector will do."""

    project_id: str | None = Field(default=None, min_length=1)
    """Sent as the resource attribute ``highlight.project_id``, by which Highlight tells projects apart."""
    endpoint: BaseURL | None = None
    """The base address, to which ``/v1/traces``, ``/v1/metrics`` and ``/v1/logs`` are added."""
    service_name: str | None = None


class MetricsSettings(Group):
    """Where metrics can be scraped: each process listens on the first free one of so many ports from ``port`` on."""

    host: str = "127.0.0.1"
    port: Port | None = None
    """Nothing listens unless given."""
    ports: Positive = 16
    token: SecretStr | None = None
    networks: tuple[IPvAnyNetwork, ...] = ()
    """Who may ask besides knowing the token; everybody when empty."""

    @model_validator(mode="after")
    def _guarded(self) -> Self:
        if self.port is not None and self.token is None:
            raise ValueError("a port needs a token, which whoever scrapes sends as a bearer token")
        return self


class TelemetrySettings(Group):
    """How much is told of what the program does. Where it goes is :class:`HighlightSettings`."""

    headers: dict[str, SecretStr] = Field(default_factory=dict)
    """Sent with each export, such as a collector's ``authorization``."""
    sample_ratio: Annotated[float, Field(ge=0, le=1)] = 0.05
    """Which share of requests and work is told of; what fails or is slow is told of in any case."""
    slow_milliseconds: Positive = 2000
    export_seconds: Seconds = 15
    """How often metrics are exported, and at most how often figures are read from the database."""
    metrics: MetricsSettings = MetricsSettings()
