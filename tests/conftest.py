"""One real PostgreSQL for the whole run, one fresh copy of the migrated schema for each test that asks."""

import asyncio
import logging
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from uuid import uuid4

import asyncpg
import httpcore2
import pytest
import structlog
from hypothesis import HealthCheck, settings

from canaries import forget_sent, keep_spans, kept_spans, leaks
from kro.core.clock import SystemClock
from kro.core.database.embedded import Cluster, EmbeddedPostgres, Role, running_cluster
from kro.core.database.migrate import migrate
from kro.core.database.pool import Database, PoolOptions
from kro.core.ids import SystemIdSource
from kro.run.collector import settle
from stored import stored_secrets

# How fast a machine is decides no test.
settings.register_profile("kro", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("kro")

# Every client of a test would read the certificates of all authorities, which takes longer than most tests do.
httpcore2.default_ssl_context = cache(httpcore2.default_ssl_context)

_TEMPLATE = "kro_template"
_ROOM_BYTES = 2 * 2**30
_FOLDER = pytest.StashKey[Path]()


class _Postgres:
    """Runs the server for the whole run: in the controller when workers share it, else in the only process."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._server = EmbeddedPostgres(folder, disposable=True)

    def start(self) -> None:
        cluster = self._server.start()
        asyncio.run(_create_template(cluster))
        migrate(cluster.dsn(Role.OWNER, _TEMPLATE))

    def pytest_configure_node(self, node: object) -> None:
        """Tell a worker of pytest-xdist where the server is."""
        node.workerinput["postgres_folder"] = str(self._folder)  # type: ignore[attr-defined] # xdist has no types

    def pytest_unconfigure(self) -> None:
        self._server.stop()


def pytest_configure(config: pytest.Config) -> None:
    # The default shows every local variable of a traceback; with the whole program among them that takes minutes.
    structlog.configure(processors=[structlog.processors.format_exc_info, structlog.processors.KeyValueRenderer()])
    config.addinivalue_line("markers", "shows_secrets: writes secrets on purpose, to see what becomes of them")
    keep_spans()
    if hasattr(config, "workerinput"):
        config.stash[_FOLDER] = Path(config.workerinput["postgres_folder"])
        return
    folder = Path(tempfile.mkdtemp(prefix="kro-tests-", dir=_in_memory()))
    folder.chmod(0o755)  # The server's account passes through when it is not ours.
    config.stash[_FOLDER] = folder
    if config.option.collectonly:
        return
    postgres = _Postgres(folder)
    config.pluginmanager.register(postgres, "kro-postgres")
    postgres.start()


def pytest_collection_finish() -> None:
    """Look for garbage as seldom as a served process does, and never again among the tests and what they import."""
    settle()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """At the end of every test look for secrets in all that was logged and traced by then."""
    report = yield
    if report.when != "teardown" or item.get_closest_marker("shows_secrets"):
        return report
    written = [(title, text) for title, text in report.sections if title.startswith("Captured")]
    found = [f"{title}: {leak}" for title, text in (*written, ("Spans", kept_spans())) for leak in leaks(text)]
    if found and report.passed:
        report.outcome, report.longrepr = "failed", "A secret was written where it can be read:\n" + "\n".join(found)
    return report


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    """Undo what a test's program made of the logs of its whole process."""
    root, kept = logging.getLogger(), structlog.get_config()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    structlog.configure(**kept)


def _in_memory() -> Path | None:
    """Return a folder in memory with room enough, where making and dropping databases waits for no disk."""
    folder = Path("/dev/shm")  # noqa: S108 - the folder made in it belongs to us alone
    roomy = os.access(folder, os.W_OK) and shutil.disk_usage(folder).free > _ROOM_BYTES
    return folder if roomy else None


_CREATE = 'CREATE DATABASE "{name}" OWNER kro_owner TEMPLATE "{template}" STRATEGY FILE_COPY'


async def _create_template(cluster: Cluster) -> None:
    connection = await asyncpg.connect(cluster.dsn(Role.ADMIN, "postgres"))
    try:
        await connection.execute(_CREATE.format(name=_TEMPLATE, template="template0"))
        owner = await asyncpg.connect(cluster.dsn(Role.ADMIN, _TEMPLATE))
        await owner.execute("ALTER SCHEMA public OWNER TO kro_owner")
        await owner.close()
    finally:
        await connection.close()


@dataclass(frozen=True)
class FreshDatabase:
    """A migrated, empty database of one test, and how each role reaches it."""

    cluster: Cluster
    name: str

    def dsn(self, role: Role) -> str:
        return self.cluster.dsn(role, self.name)


@pytest.fixture(scope="session")
def postgres(pytestconfig: pytest.Config) -> Cluster:
    return running_cluster(pytestconfig.stash[_FOLDER])


@pytest.fixture(scope="session")
def lent_database(postgres: Cluster) -> Iterator[Callable[..., AbstractContextManager[FreshDatabase]]]:
    """What fixtures of any scope get databases from; what is stored in one is read when it is given back.

    Called with the name of another database, which nobody may be connected to, it lends a copy of that one.
    """
    # One connection makes and drops them all: another one for each takes as long as reading what is stored.
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        admin = runner.run(asyncpg.connect(postgres.dsn(Role.ADMIN, "postgres")))

        @contextmanager
        def lend(template: str = _TEMPLATE) -> Iterator[FreshDatabase]:
            name = f"kro_{uuid4().hex}"
            runner.run(admin.execute(_CREATE.format(name=name, template=template)))
            yield FreshDatabase(postgres, name)
            found = runner.run(stored_secrets(postgres.dsn(Role.ADMIN, name)))
            forget_sent()
            runner.run(admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)'))
            assert not found, "A secret was stored where it can be read:\n" + "\n".join(found)

        yield lend
        runner.run(admin.close())


@pytest.fixture
def fresh_database(lent_database: Callable[..., AbstractContextManager[FreshDatabase]]) -> Iterator[FreshDatabase]:
    with lent_database() as database:
        yield database


@pytest.fixture
def app_dsn(fresh_database: FreshDatabase) -> str:
    return fresh_database.dsn(Role.APP)


@pytest.fixture
def owner_dsn(fresh_database: FreshDatabase) -> str:
    return fresh_database.dsn(Role.OWNER)


@pytest.fixture
async def database(app_dsn: str) -> AsyncIterator[Database]:
    """A pool as the application role on a fresh database."""
    database = await Database.connect(PoolOptions(dsn=app_dsn, size=20, wait_seconds=30))
    yield database
    await database.close()


@pytest.fixture
async def owner_database(owner_dsn: str) -> AsyncIterator[Database]:
    """A pool as the owner of the schema, for setting scenes the application role may not."""
    database = await Database.connect(PoolOptions(dsn=owner_dsn, size=2))
    yield database
    await database.close()


@pytest.fixture
async def superuser(fresh_database: FreshDatabase) -> AsyncIterator[Database]:
    """Somebody who may do everything to the database, for whom triggers do not fire."""
    database = await Database.connect(PoolOptions(dsn=fresh_database.dsn(Role.ADMIN), size=1))
    await database.execute("SET session_replication_role = replica")
    yield database
    await database.close()


@pytest.fixture
def clock() -> SystemClock:
    return SystemClock()


@pytest.fixture
def ids() -> SystemIdSource:
    return SystemIdSource()
