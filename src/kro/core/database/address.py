"""Where the database is: one place that turns settings into connection URLs."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import replace
from typing import Final
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from pydantic import SecretStr

from kro.core.config import Credentials, DatabaseSettings, Pooling
from kro.core.database.embedded import Role, running_cluster
from kro.core.database.pool import PoolOptions

_OTHER_SCHEMES: Final = ("postgres", "postgresql+asyncpg", "postgresql+psycopg")


def database_dsn(settings: DatabaseSettings, role: Role) -> str:
    """Return the URL under which asyncpg and libpq reach the database as a role; it contains the password.

    The embedded server is found by its folder and has to run already (``kro run`` starts it). Any other is found by
    its ``url`` or ``host``; with ``ssl`` its certificate is verified against ``caFile``, else the system's roots. What
    the owner does needs a session of its own, so where there is a pooler its address is the direct one.

    :raises EmbeddedPostgresError: the embedded server is not running.
    """
    if settings.embedded:
        return running_cluster(settings.folder).dsn(role)
    if role is Role.OWNER and (direct := _direct_dsn(settings, settings.owner)):
        return direct
    credentials = settings.owner if role is Role.OWNER else settings.app
    if settings.url is not None:
        return _url_dsn(settings.url, settings, credentials)
    return _host_dsn(settings, credentials)


def pool_options(settings: DatabaseSettings) -> PoolOptions:
    """Return how the application role reaches the database, within its time limits.

    :raises EmbeddedPostgresError: the embedded server is not running.
    """
    timeouts = settings.timeouts
    return PoolOptions(
        dsn=database_dsn(settings, Role.APP),
        direct_dsn=_direct_dsn(settings, settings.app),
        size=settings.pool_size,
        wait_seconds=timeouts.pool_wait_seconds,
        lock_timeout_seconds=timeouts.lock_ms / 1000,
        statement_timeout_seconds=timeouts.statement_ms / 1000,
        idle_in_transaction_seconds=timeouts.idle_in_transaction_ms / 1000,
        own_limits=settings.pooling is Pooling.NONE,
        prepares=settings.pooling is not Pooling.TRANSACTION,
    )


def replica_options(settings: DatabaseSettings) -> PoolOptions | None:
    """Return how the application role reaches the replica for reads, or ``None`` where none is configured."""
    if settings.replica_url is None:
        return None
    dsn = _url_dsn(settings.replica_url, settings, settings.app, {"target_session_attrs": "standby"})
    return replace(pool_options(settings), dsn=dsn, direct_dsn=None, own_limits=True, prepares=True)


def _host_dsn(settings: DatabaseSettings, credentials: Credentials | None) -> str:
    # The host goes into the query, where a socket's folder is as good as a name.
    hosts = settings.host or ""
    query = {"host": hosts, "port": str(settings.port), **_writing(hosts), **_ssl_query(settings)}
    return f"postgresql://{_login(credentials)}/{quote(settings.name)}?{urlencode(query)}"


def _direct_dsn(settings: DatabaseSettings, credentials: Credentials | None) -> str | None:
    return _url_dsn(settings.direct_url, settings, credentials) if settings.direct_url is not None else None


def _url_dsn(
    address: SecretStr,
    settings: DatabaseSettings,
    credentials: Credentials | None,
    wanted: Mapping[str, str] | None = None,
) -> str:
    url = urlsplit(address.get_secret_value())
    login, _, place = url.netloc.rpartition("@")
    given = dict(parse_qsl(url.query))
    wanted = _writing(place or given.get("host", "")) if wanted is None else wanted
    query = {**wanted, **given, **_ssl_query(settings)}
    scheme = "postgresql" if url.scheme in _OTHER_SCHEMES else url.scheme
    authority = f"{_login(credentials) if credentials else login + '@' if login else ''}{place}"
    return f"{scheme}://{authority}{url.path or '/' + quote(settings.name)}{'?' + urlencode(query) if query else ''}"


def _login(credentials: Credentials | None) -> str:
    if credentials is None:
        return ""
    return f"{quote(credentials.username, safe='')}:{quote(credentials.password.get_secret_value(), safe='')}@"


def _writing(hosts: str) -> dict[str, str]:
    """Of several hosts take the one that takes writes, unless the address says otherwise."""
    return {"target_session_attrs": "read-write"} if "," in hosts else {}


def _ssl_query(settings: DatabaseSettings) -> dict[str, str]:
    if not settings.ssl:
        return {}
    roots = str(settings.ca_file) if settings.ca_file else ssl.get_default_verify_paths().cafile
    return {"sslmode": "verify-full", **({"sslrootcert": roots} if roots else {})}
