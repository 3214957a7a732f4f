"""How many files there may be, and that none is left over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from evidence_steps import KIND, added, begun, cleaned, counted, evidence_path, make_old, memory, sent, uploaded
from kro.bootstrap.order_rules import evidence_rules
from kro.core.actor import Actor, ActorKind
from kro.core.decisions import LostRaceError
from kro.core.decisions.encoding import encode
from kro.core.ids import read_id
from kro.core.storage import MemoryObjectStore
from kro.order.domain import Context, UploadRepository
from kro.order.domain.decide_upload import decide_complete_upload
from kro_api import World, running_world, settings_for
from order_steps import PNG

ANNOUNCED = {"file_name": "waybill.png", "content_type": KIND, "size_bytes": len(PNG)}


class ProcessDiedError(BaseException):
    """The process was killed here."""


class DyingStore(MemoryObjectStore):
    """Keeps an object, and the process dies before it learns that."""

    dies: bool = False

    async def put(self, *, key: str, data: bytes, content_type: str) -> None:
        await super().put(key=key, data=data, content_type=content_type)
        if self.dies:
            raise ProcessDiedError


@pytest.fixture
async def tight_world(fresh_database: Any) -> AsyncIterator[World]:
    """Two files per order, three uploads under way per user."""
    settings = settings_for(fresh_database.cluster, fresh_database.name)
    tight = settings.evidence.model_copy(update={"files_per_order": 2, "pending_per_user": 3})
    async with running_world(settings.model_copy(update={"evidence": tight})) as running:
        yield running


@pytest.fixture
async def dying_world(fresh_database: Any) -> AsyncIterator[World]:
    settings = settings_for(fresh_database.cluster, fresh_database.name)
    async with running_world(settings, files=DyingStore()) as running:
        yield running


class TestFilesOfAnOrder:
    async def test_are_limited(self, tight_world: World) -> None:
        world, path = tight_world, await evidence_path(tight_world)
        late = await uploaded(world, world.seller, path)
        await added(world, world.seller, path)
        await added(world, world.buyer, path)

        for reply in (
            await world.seller.post(f"{path}/uploads", ANNOUNCED),
            await world.seller.post(f"{path}/uploads/{late['id']}/complete"),
            await world.buyer.upload(path, PNG, content_type=KIND, file_name="a.png"),
        ):
            assert (reply.status_code, reply.json()["code"]) == (409, "too_many_files")
        assert (await counted(world))["evidence"] == 2

    async def test_are_limited_also_when_they_come_at_once(self, tight_world: World) -> None:
        world, path = tight_world, await evidence_path(tight_world)
        uploads = [await uploaded(world, world.seller, path) for _ in range(3)]

        replies = await asyncio.gather(
            *(world.seller.post(f"{path}/uploads/{upload['id']}/complete") for upload in uploads),
            *(world.buyer.upload(path, PNG, content_type=KIND, file_name="a.png") for _ in range(3)),
        )

        assert sum(reply.is_success for reply in replies) == 2
        assert await counted(world) | {"uploads": 0} == {"evidence": 2, "events": 2, "uploads": 0}


class TestUploadsUnderWay:
    async def test_are_limited_per_user_over_all_orders(self, tight_world: World) -> None:
        world = tight_world
        one, other = await evidence_path(world), await evidence_path(world)
        first = await uploaded(world, world.seller, one)
        await begun(world.seller, one)
        await begun(world.seller, other)

        refused = await world.seller.post(f"{other}/uploads", ANNOUNCED, key="k1")
        others = await world.buyer.post(f"{other}/uploads", ANNOUNCED)
        await world.seller.post(f"{one}/uploads/{first['id']}/complete")
        freed = await world.seller.post(f"{other}/uploads", ANNOUNCED, key="k1")

        assert (refused.status_code, refused.json()["code"]) == (409, "too_many_uploads")
        assert (others.status_code, freed.status_code) == (201, 201)

    async def test_are_limited_also_when_they_come_at_once(self, tight_world: World) -> None:
        world, path = tight_world, await evidence_path(tight_world)

        replies = await asyncio.gather(*(world.seller.post(f"{path}/uploads", ANNOUNCED) for _ in range(10)))

        assert sum(reply.is_success for reply in replies) <= 3
        assert {reply.status_code for reply in replies} <= {201, 409}
        assert (await counted(world))["uploads"] <= 3

    async def test_that_are_over_make_room(self, tight_world: World) -> None:
        world, path = tight_world, await evidence_path(tight_world)
        old = [await begun(world.seller, path) for _ in range(3)]
        await make_old(world)

        replies = [await world.seller.post(f"{path}/uploads", ANNOUNCED) for _ in range(4)]

        assert [reply.status_code for reply in replies] == [201, 201, 201, 409]
        gone = await world.seller.post(f"{path}/uploads/{old[0]['id']}/complete")
        assert gone.json()["code"] == "upload_expired"


class TestCleaning:
    async def test_removes_what_was_never_completed(self, world: World) -> None:
        path = await evidence_path(world)
        upload = await uploaded(world, world.seller, path)
        await make_old(world)

        assert await cleaned(world) == 1

        assert memory(world).objects == {}
        assert (await counted(world))["uploads"] == 0
        reply = await world.seller.post(f"{path}/uploads/{upload['id']}/complete")
        assert (reply.status_code, reply.json()["code"]) == (404, "upload_not_found")
        assert await cleaned(world) == 0

    async def test_leaves_alone_what_may_still_be_completed(self, world: World) -> None:
        path = await evidence_path(world)
        upload = await uploaded(world, world.seller, path)
        # Just over: a request may still be at it.
        await world.database.execute("UPDATE evidence_uploads SET expires_at = now() - interval '14 minutes'")

        assert await cleaned(world) == 0
        assert len(memory(world).objects) == 1
        assert upload["id"].startswith("upl_")

    async def test_removes_what_came_after_the_completion_and_keeps_the_evidence(self, world: World) -> None:
        path = await evidence_path(world)
        upload = await uploaded(world, world.seller, path)
        evidence = (await world.seller.post(f"{path}/uploads/{upload['id']}/complete")).json()
        assert await sent(world, upload, PNG[:-1] + b"x")
        await make_old(world)

        assert await cleaned(world) == 1

        assert list(memory(world).objects.values()) == [PNG]
        assert (await world.buyer.get(f"{path}/{evidence['id']}")).content == PNG
        assert await cleaned(world) == 0
        again = await world.seller.post(f"{path}/uploads/{upload['id']}/complete")
        assert (again.status_code, again.json()) == (200, evidence)

    async def test_is_done_again_when_the_store_was_away(self, world: World) -> None:
        await uploaded(world, world.seller, await evidence_path(world))
        await make_old(world)
        memory(world).is_down = True

        assert await cleaned(world) == 0
        assert (await counted(world))["uploads"] == 1
        memory(world).is_down = False
        assert await cleaned(world) == 1
        assert (await counted(world))["uploads"] == 0

    async def test_wins_over_a_completion_that_was_decided_before(self, world: World) -> None:
        path = await evidence_path(world)
        upload = await uploaded(world, world.seller, path)
        base, orders = world.application.base, world.application.orders
        session = await world.database.row(
            "SELECT s.id, s.user_id FROM sessions AS s JOIN evidence_uploads AS u ON u.uploaded_by = s.user_id"
        )
        seller = Actor(ActorKind.USER, session["user_id"], session["id"])
        loaded = await orders.repository.load_uploading(
            read_id("ord", path.split("/")[2]), read_id("upl", upload["id"]), actor=seller, key=None
        )
        assert loaded.state is not None
        decided = decide_complete_upload(
            loaded.state,
            "0" * 64,
            evidence_id=base.ids.new(),
            rules=evidence_rules(base),
            context=Context(actor=seller, now=base.clock.now(), ids=base.ids),
        )
        await make_old(world)
        await UploadRepository(base.database).claim_over(before=base.clock.now(), limit=10)

        with pytest.raises(LostRaceError):
            await base.database.apply(encode(decided.decision))

        assert (await counted(world))["evidence"] == 0


class TestDeath:
    async def test_between_the_file_and_its_row_is_survived_by_trying_again(self, dying_world: World) -> None:
        world, store = dying_world, dying_store(dying_world)
        path = await evidence_path(world)
        upload = await uploaded(world, world.seller, path)
        store.dies = True
        with pytest.raises(ProcessDiedError):
            await world.seller.post(f"{path}/uploads/{upload['id']}/complete", key="k1")
        assert len(store.objects) == 2
        store.dies = False

        reply = await world.seller.post(f"{path}/uploads/{upload['id']}/complete", key="k1")

        assert reply.status_code == 200
        assert await counted(world) == {"evidence": 1, "events": 1, "uploads": 1}
        assert list(store.objects.values()) == [PNG]

    @pytest.mark.parametrize("way", ["upload", "direct"])
    async def test_between_the_file_and_its_row_leaves_nothing_for_good(self, dying_world: World, way: str) -> None:
        world, store = dying_world, dying_store(dying_world)
        path = await evidence_path(world)
        if way == "upload":
            upload = await uploaded(world, world.seller, path)
            request = world.seller.post(f"{path}/uploads/{upload['id']}/complete")
        else:
            request = world.seller.upload(path, PNG, content_type=KIND, file_name="a.png")
        store.dies = True
        with pytest.raises(ProcessDiedError):
            await request
        assert len(store.objects) == (2 if way == "upload" else 1)
        assert (await counted(world))["evidence"] == 0
        await make_old(world)

        assert await cleaned(world) == 1

        assert store.objects == {}
        assert (await counted(world))["uploads"] == 0


def dying_store(world: World) -> DyingStore:
    store = world.application.files
    assert isinstance(store, DyingStore)
    return store
