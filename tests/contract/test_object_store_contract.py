"""Every object store keeps the same promises."""

import asyncio
import stat
from pathlib import Path

import pytest

from kro.core.storage import (
    InvalidObjectKeyError,
    LocalObjectStore,
    MemoryObjectStore,
    ObjectExistsError,
    ObjectNotFoundError,
    ObjectStore,
    new_object_key,
)

PDF = "application/pdf"


@pytest.fixture(params=["memory", "local"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    return MemoryObjectStore() if request.param == "memory" else LocalObjectStore(tmp_path / "not" / "yet" / "there")


async def test_what_was_put_can_be_got(store: ObjectStore) -> None:
    key = new_object_key()

    await store.put(key=key, data=b"%PDF-1.7\x00\xff", content_type=PDF)

    assert await store.get(key=key) == b"%PDF-1.7\x00\xff"


async def test_an_object_never_changes(store: ObjectStore) -> None:
    key = new_object_key()
    await store.put(key=key, data=b"first", content_type=PDF)

    with pytest.raises(ObjectExistsError):
        await store.put(key=key, data=b"second", content_type=PDF)
    assert await store.get(key=key) == b"first"


async def test_of_many_at_once_one_wins(store: ObjectStore) -> None:
    key = new_object_key()

    outcomes = await asyncio.gather(
        *(store.put(key=key, data=bytes([n]) * 1000, content_type=PDF) for n in range(20)), return_exceptions=True
    )

    assert sum(outcome is None for outcome in outcomes) == 1
    assert sum(isinstance(outcome, ObjectExistsError) for outcome in outcomes) == 19
    winner = next(n for n, outcome in enumerate(outcomes) if outcome is None)
    assert await store.get(key=key) == bytes([winner]) * 1000


async def test_a_missing_object_is_told(store: ObjectStore) -> None:
    with pytest.raises(ObjectNotFoundError):
        await store.get(key=new_object_key())


@pytest.mark.parametrize(
    "key",
    ["", ".", "..", "../" * 8 + "etc/passwd", "/etc/passwd", "a" * 63, "A" * 64, "a" * 64 + "\n", "a" * 63 + "\x00"],
)
async def test_a_key_is_never_a_path(store: ObjectStore, key: str) -> None:
    with pytest.raises(InvalidObjectKeyError):
        await store.put(key=key, data=b"", content_type=PDF)
    with pytest.raises(InvalidObjectKeyError):
        await store.get(key=key)


def test_keys_do_not_repeat() -> None:
    assert len({new_object_key() for _ in range(100)}) == 100


async def test_a_local_file_is_private_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    folder = tmp_path / "objects"
    store = LocalObjectStore(folder)
    key = new_object_key()
    await store.put(key=key, data=b"x", content_type=PDF)
    with pytest.raises(ObjectExistsError):
        await store.put(key=key, data=b"y", content_type=PDF)

    files = [path for path in folder.rglob("*") if path.is_file()]

    assert [path.name for path in files] == [key]
    assert stat.S_IMODE(files[0].stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
