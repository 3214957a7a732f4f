"""Files on their way into evidence, as an app sends them."""

from __future__ import annotations

from typing import Any

from kro.core.storage import MemoryObjectStore
from kro_api import Person, World
from order_steps import PNG, funded

KIND = "image/png"


def memory(world: World) -> MemoryObjectStore:
    """Return the store behind a world that was given none."""
    store = world.application.files
    assert isinstance(store, MemoryObjectStore)
    return store


async def evidence_path(world: World) -> str:
    return f"/orders/{(await funded(world))['id']}/evidence"


async def begun(person: Person, path: str, *, size: int = len(PNG), name: str = "waybill.png") -> dict[str, Any]:
    reply = await person.post(f"{path}/uploads", {"file_name": name, "content_type": KIND, "size_bytes": size})
    assert reply.status_code == 201, reply.text
    upload: dict[str, Any] = reply.json()
    return upload


async def sent(world: World, upload: dict[str, Any], data: bytes = PNG) -> bool:
    """Upload what was announced to where the answer says."""
    instructions = upload["upload"]
    return await memory(world).receive(instructions["url"], instructions["headers"], data)


async def uploaded(world: World, person: Person, path: str, *, data: bytes = PNG) -> dict[str, Any]:
    upload = await begun(person, path, size=len(data))
    assert await sent(world, upload, data)
    return upload


async def added(world: World, person: Person, path: str, *, data: bytes = PNG) -> dict[str, Any]:
    upload = await uploaded(world, person, path, data=data)
    reply = await person.post(f"{path}/uploads/{upload['id']}/complete")
    assert reply.status_code == 200, reply.text
    evidence: dict[str, Any] = reply.json()
    return evidence


async def counted(world: World) -> dict[str, int]:
    """Count what a completed upload leaves behind: exactly one of each."""
    row = await world.database.row(
        """SELECT (SELECT count(*) FROM evidence) AS evidence,
                  (SELECT count(*) FROM order_events WHERE type = 'evidence_added') AS events,
                  (SELECT count(*) FROM evidence_uploads) AS uploads"""
    )
    return dict(row)


async def make_old(world: World) -> None:
    """Let the time of every upload have been over for long."""
    await world.database.execute("UPDATE evidence_uploads SET expires_at = now() - interval '1 day'")


async def cleaned(world: World) -> int:
    """Let the worker clean up once, as its step does."""
    step = next(step for step in world.application.steps if step.name == "evidence.uploads")
    return await step.run()
