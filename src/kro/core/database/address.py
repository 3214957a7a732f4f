"""Where the database is: one place that turns settings into connection URLs."""

from __future__ import annotations

import ssl
from typing import Final
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from kro.core.config import Credentials, DatabaseSettings
from kro.core.database.embedded import Role, running_cluster

_OTHER_SCHEMES: Final = ("postgres", "postgresql+asyncpg", "postgresql+psycopg")


def database_dsn(settings: DatabaseSettings, role: Role) -> str:
    """Return the URL under which asyncpg and libpq reach the database as a role; it contains the password.

    The embedded server is found by its folder and has to run already (``kro run`` starts it). Any other is found by
    its ``url`` or ``host``; with ``ssl`` its certificate is verified against ``caFile``, else the system's roots.

    :raises EmbeddedPostgresError: the embedded server is not running.
    """
    if settings.embedded:
        return running_cluster(settings.folder).dsn(role)
    credentials = settings.owner if role is Role.OWNER else settings.app
    return _url_dsn(settings, credentials) if settings.url is not None else _host_dsn(settings, credentials)


def _host_dsn(settings: DatabaseSettings, credentials: Credentials | None) -> str:
    # The host goes into the query, where a socket's folder is as good as a name.
    query = {"host": settings.host or "", "port": str(settings.port), **_ssl_query(settings)}
    return f"postgresql://{_login(credentials)}/{quote(settings.name)}?{urlencode(query)}"


def _url_dsn(settings: DatabaseSettings, credentials: Credentials | None) -> str:
    url = urlsplit(settings.url.get_secret_value() if settings.url else "")
    login, _, place = url.netloc.rpartition("@")
    query = {**dict(parse_qsl(url.query)), **_ssl_query(settings)}
    scheme = "postgresql" if url.scheme in _OTHER_SCHEMES else url.scheme
    authority = f"{_login(credentials) if credentials else login + '@' if login else ''}{place}"
    return f"{scheme}://{authority}{url.path or '/' + quote(settings.name)}{'?' + urlencode(query) if query else ''}"


def _login(credentials: Credentials | None) -> str:
    if credentials is None:
        return ""
    return f"{quote(credentials.username, safe='')}:{quote(credentials.password.get_secret_value(), safe='')}@"


def _ssl_query(settings: DatabaseSettings) -> dict[str, str]:
    if not settings.ssl:
        return {}
    roots = str(settings.ca_file) if settings.ca_file else ssl.get_default_verify_paths().cafile
    return {"sslmode": "verify-full", **({"sslrootcert": roots} if roots else {})}
