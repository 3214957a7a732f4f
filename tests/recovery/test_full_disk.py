"""A disk without room: requests are answered 503, nothing is damaged, and it goes on when there is room again."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from kro.core.database.embedded import Role
from kro.core.database.failures import DatabaseBusyError
from kro.core.database.migrate import migrate
from kro_api import running_world, settings_for
from ledger import paid_in, post, violations
from order_steps import user_id_of
from servers import Server, Site, needs_postgresql, new_primary, stopping

pytestmark = needs_postgresql
MANY = 5_000


@contextmanager
def small_disk(folder: Path, *, megabytes: int) -> Iterator[None]:
    """Mount a disk of this size on a folder; only root can, and not everywhere."""
    folder.mkdir(exist_ok=True)
    mount = ["/bin/mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0755", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("no disk can be mounted here")
    try:
        yield
    finally:
        subprocess.run(["/bin/umount", "--lazy", str(folder)], check=True)


def take_room(folder: Path, *, leaving: int) -> Path:
    """Keep a file for the day when there is no room, which leaves so many bytes."""
    ballast = folder / "ballast"
    with ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, shutil.disk_usage(folder).free - leaving)
    return ballast


def move_log(server: Server, folder: Path) -> None:
    """Keep the server's log elsewhere than its data."""
    server.stop()
    shutil.copytree(server.data / "pg_wal", folder / "pg_wal")
    for path in [folder, folder / "pg_wal", *(folder / "pg_wal").rglob("*")]:
        server.site.account.give(path)
    shutil.rmtree(server.data / "pg_wal")
    (server.data / "pg_wal").symlink_to(folder / "pg_wal")


async def test_without_room_for_data_it_is_busy_until_there_is_some(place: Site) -> None:
    server = place.server("one")
    elsewhere = place.folder / "elsewhere"
    elsewhere.mkdir()
    with small_disk(server.home, megabytes=160), stopping(server):
        new_primary(place, server)
        move_log(server, elsewhere)
        server.start()
        await asyncio.to_thread(migrate, server.dsn(Role.OWNER))
        async with running_world(settings_for(server.cluster, "kro")) as world:
            buyer = user_id_of((await world.buyer.get("/me")).json())
            database = world.database
            ballast = await asyncio.to_thread(take_room, server.home, leaving=0)
            await until_busy(lambda: post(database, paid_in(buyer, 100)))
            refused = await world.buyer.post("/balance/top-ups", {"amount": {"amount": 100, "currency": "NGN"}})
            while refused.is_success:
                refused = await world.buyer.post("/balance/top-ups", {"amount": {"amount": 100, "currency": "NGN"}})
            assert (refused.status_code, refused.json()["code"]) == (503, "overloaded")

            ballast.unlink()
            await post(database, paid_in(buyer, 100))
            assert await violations(world.database) == {}


async def test_without_room_for_its_log_the_server_ends_and_comes_back_with_all_it_acknowledged(place: Site) -> None:
    server, disk = new_primary(place), place.folder / "disk"
    with small_disk(disk, megabytes=160), stopping(server):
        await asyncio.to_thread(migrate, server.dsn(Role.OWNER))
        move_log(server, disk)
        server.start()
        async with running_world(settings_for(server.cluster, "kro")) as world:
            buyer = user_id_of((await world.buyer.get("/me")).json())
            ballast = await asyncio.to_thread(take_room, disk, leaving=60_000_000)
            # What cannot be archived stays.
            place.archive.rename(place.folder / "unmounted")

            async def write() -> None:
                await asyncio.to_thread(use_up, server)
                await post(world.database, paid_in(buyer, 100))

            acknowledged = await until_busy(write)
            assert acknowledged > 0
            await asyncio.to_thread(server.ended)

            with pytest.raises(AssertionError, match="No space left"):
                server.start()
            ballast.unlink()
            (place.folder / "unmounted").rename(place.archive)
            server.start()
            assert await world.buyer.available() == 100 * acknowledged
            assert await violations(world.database) == {}


async def until_busy(write: Callable[[], Awaitable[None]]) -> int:
    """Write until there is no room, and return how often that was acknowledged."""
    for acknowledged in range(MANY):
        try:
            await write()
        except DatabaseBusyError:
            return acknowledged
    pytest.fail("there was room all the time")


def use_up(server: Server) -> None:
    """Have the server begin another piece of its log, while it still runs."""
    with suppress(AssertionError):
        server.ask("SELECT pg_switch_wal()")
