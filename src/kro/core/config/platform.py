"""The process itself: addresses, database, worker, storage, logging, and what runs beside it."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, Field, IPvAnyNetwork, SecretStr, model_validator

from kro.core.config.groups import BaseURL, FilePath, Group, Key256, NotNegative, Port, Positive, Seconds


class Environment(StrEnum):
    LOCAL = "local"
    DEV = "dev"
    TEST = "test"
    STAGE = "stage"
    PREPROD = "preprod"
    PRODUCTION = "production"

    @property
    def is_guarded(self) -> bool:
        """Whether strangers' money or data may be near: known and placeholder secrets are refused there."""
        return self in {Environment.STAGE, Environment.PREPROD, Environment.PRODUCTION}


def _check_origin(value: str) -> str:
    scheme, _, host = value.partition("://")
    if scheme not in {"http", "https"} or not host or "/" in host or "*" in host:
        raise ValueError("must be an exact origin such as https://app.example.com, without path or wildcard")
    return value


def _check_redis_url(value: SecretStr) -> SecretStr:
    if not value.get_secret_value().startswith(("redis://", "rediss://", "unix://")):
        raise ValueError("must start with redis://, rediss:// or unix://")
    return value


class APISettings(Group):
    host: str
    port: Port
    drain_seconds: NotNegative = 0
    """How long a process that was asked to end goes on serving while it tells everybody to go elsewhere."""
    stop_seconds: Positive = 5
    """How long the requests under way may take after that."""


def _check_proxy(network: IPvAnyNetwork) -> IPvAnyNetwork:
    if network.prefixlen == 0:
        raise ValueError("must not be the whole internet: anybody could choose the address that limits count")
    return network


HostName = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$")]


class HostSettings(Group):
    """The names each surface answers to, without port. A surface without names answers to every name."""

    user: tuple[HostName, ...] = ()
    """``/v1`` and Socket.IO."""
    admin: tuple[HostName, ...] = ()
    """``/v1/admin``."""
    public: tuple[HostName, ...] = ()
    """``/v1/public``."""
    webhooks: tuple[HostName, ...] = ()
    """``/v1/webhooks``."""


class AppSettings(Group):
    env: Environment
    public_base_url: BaseURL
    payment_return_url: BaseURL | None = None
    """Where a payer's browser goes after the checkout; a page of our own unless set."""
    allowed_origins: tuple[Annotated[str, AfterValidator(_check_origin)], ...]
    admin_origins: tuple[Annotated[str, AfterValidator(_check_origin)], ...] | None = None
    """Pages that may call the admin surface; the ``allowed_origins`` unless given."""
    hosts: HostSettings = HostSettings()
    trusted_proxies: tuple[Annotated[IPvAnyNetwork, AfterValidator(_check_proxy)], ...]
    """Addresses and networks whose ``X-Forwarded-For`` is believed; from anybody else the header is ignored."""
    api: APISettings
    test_clock: bool = False
    """Whether time can be made to pass for orders; refused where strangers' money may be near."""


class Credentials(Group):
    username: str
    password: SecretStr


class DatabaseTimeouts(Group):
    """Per session, in milliseconds except the pool's wait."""

    lock_ms: Positive
    statement_ms: Positive
    idle_in_transaction_ms: Positive
    migration_statement_ms: Positive
    """For the statements of `kro migrate`; one that builds an index concurrently takes the time it needs."""
    pool_wait_seconds: Seconds
    replica_ms: Positive = 50
    """How long a read waits for the replica to catch up before the primary is read instead."""


class Pooling(StrEnum):
    """What a connection to ``url`` or ``host`` ends at."""

    NONE = "none"
    """PostgreSQL itself."""
    TRANSACTION = "transaction"
    """PgBouncer, which may change the server connection with each transaction: nothing is prepared, nothing is set."""
    PREPARED = "transaction-prepared"
    """PgBouncer from 1.21 on with ``max_prepared_statements``: statements are prepared as without it."""


class DatabaseSettings(Group):
    """Embedded in ``folder``, or somewhere else by ``url`` or by ``host``, ``port`` and ``name``.

    ``url`` and ``host`` may name several hosts, of which the one that takes writes is used.

    Two roles: ``owner`` migrates, ``app`` serves requests and owns nothing. Credentials given here win over those
    inside ``url``, which are the owner's.
    """

    embedded: bool
    folder: FilePath
    url: SecretStr | None = None
    host: str | None = None
    port: Port = 5432
    name: str = "kro"
    pooling: Pooling = Pooling.NONE
    direct_url: SecretStr | None = None
    """Past the pooler, for what needs a session of its own: listening, and all that the owner does."""
    replica_url: SecretStr | None = None
    """A replica, or hosts of which one is, past any pooler: for reads that say they may be answered there."""
    owner: Credentials | None = None
    app: Credentials | None = None
    ssl: bool
    ca_file: FilePath | None = None
    pool_size: Positive
    timeouts: DatabaseTimeouts

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if self.embedded:
            if self.url is not None or self.host is not None:
                raise ValueError("embedded is true, yet a url or host is given; set embedded to false to use it")
            if self.replica_url is not None:
                raise ValueError("embedded is true, and the embedded server has no replica")
            return self
        if self.url is None and self.host is None:
            raise ValueError("needs url, or host and name, unless embedded is true")
        if self.app is None or (self.owner is None and self.url is None):
            raise ValueError("needs owner and app credentials unless embedded is true")
        if self.owner is not None and self.owner.username == self.app.username:
            raise ValueError("owner and app must be two different roles")
        if self.pooling is not Pooling.NONE and self.direct_url is None:
            raise ValueError("pooling by transaction needs directUrl, which leads to PostgreSQL itself")
        return self


class WorkerSettings(Group):
    poll_ms: Positive
    batch: Positive
    lease_seconds: Positive
    stop_seconds: Positive = 5
    """How long what is in hand may take once a worker was asked to end; the rest is given back."""


class StorageSettings(Group):
    """A folder for files, where no bucket is configured; ``signing_key`` signs the links to them."""

    folder: FilePath
    signing_key: Key256 | None = None
    signing_keys: tuple[Key256, ...] = ()
    """Further keys a link may be signed with, such as the previous one during a rotation."""


class SandboxSettings(Group):
    enabled: bool
    port: Port


class GeoSettings(Group):
    """Without a file every country is unknown."""

    database_file: FilePath | None = None
    """GeoIP2, GeoLite2 or a flat country database in MaxMind's format; a newer file is taken within a minute."""


class RedisSettings(Group):
    """Redis or Valkey, for live events between processes; without it the database carries them."""

    url: Annotated[SecretStr, AfterValidator(_check_redis_url)] | None = None


class RealtimeSettings(Group):
    """Socket.IO. Limits are for one process; those by network are wide, for mobile networks share addresses."""

    long_polling: bool
    """Whether clients without websockets are served: only where every request of theirs reaches the same process."""
    ping_seconds: Seconds
    ping_timeout_seconds: Seconds
    connections_per_person: Positive
    connections_per_network: Positive
    queued_packets: Positive
    """How much may wait for one client before it is cut, as a reader that is too slow."""
    recheck_seconds: Seconds
    """How often the database is asked which connections may not stay."""


class LogFormat(StrEnum):
    JSON = "json"
    CONSOLE = "console"


class LogLevel(StrEnum):
    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class LoggingSettings(Group):
    level: LogLevel
    format: LogFormat
