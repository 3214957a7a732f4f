"""A file becomes evidence once it was uploaded, checked and completed, and not before."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from evidence_steps import KIND, added, begun, counted, evidence_path, make_old, memory, sent, uploaded
from kro.core.ids import read_id
from kro.order.domain.errors import EvidenceNotFoundError
from kro_api import World, running_world, settings_for
from object_stores import local_store
from order_steps import PNG

LARGE = PNG + bytes(2_000_000)
PDF = b"%PDF-1.7" + bytes(len(PNG) - 8)


@pytest.fixture
async def local_world(fresh_database: Any, tmp_path: Path) -> AsyncIterator[World]:
    """The program with files in a folder, reached through its own signed links."""
    settings = settings_for(fresh_database.cluster, fresh_database.name)
    async with running_world(settings, files=local_store(tmp_path)) as running:
        yield running


class TestJourney:
    async def test_from_the_announcement_to_the_other_partys_download(self, local_world: World) -> None:
        world, http = local_world, local_world.http
        path = await evidence_path(world)
        upload = await begun(world.seller, path, size=len(LARGE), name="Ọlá's waybill.png")
        sent_there = upload["upload"]
        assert sent_there["method"] == "PUT"
        assert (await http.put(sent_there["url"], content=LARGE, headers=sent_there["headers"])).status_code == 204

        completed = await world.seller.post(f"{path}/uploads/{upload['id']}/complete")

        evidence = completed.json()
        assert (completed.status_code, evidence["sha256"]) == (200, hashlib.sha256(LARGE).hexdigest())
        link = (await world.buyer.get(f"{path}/{evidence['id']}/url")).json()
        assert {name: link[name] for name in ("file_name", "content_type", "size_bytes", "sha256")} == {
            "file_name": "Ọlá's waybill.png",
            "content_type": KIND,
            "size_bytes": len(LARGE),
            "sha256": evidence["sha256"],
        }
        # Neither the uploader's token nor anybody's is sent there.
        download = await http.get(link["url"])
        assert (download.status_code, download.content) == (200, LARGE)
        assert download.headers["content-disposition"].endswith("filename*=UTF-8''%E1%BB%8Cl%C3%A1%27s%20waybill.png")
        events = (await world.buyer.get(f"{path.removesuffix('/evidence')}/events")).json()["data"]
        told = next(event for event in events if event["type"] == "evidence_added")
        assert told["data"]["sha256"] == evidence["sha256"]
        assert told["actor"]["kind"] == "seller"

    async def test_a_large_file_is_not_passed_through(self, local_world: World) -> None:
        world = local_world
        path = await evidence_path(world)
        upload = await begun(world.seller, path, size=len(LARGE))
        await world.http.put(upload["upload"]["url"], content=LARGE, headers=upload["upload"]["headers"])
        evidence = (await world.seller.post(f"{path}/uploads/{upload['id']}/complete")).json()

        reply = await world.buyer.get(f"{path}/{evidence['id']}")

        assert reply.status_code == 307
        assert (await world.http.get(reply.headers["location"])).content == LARGE

    async def test_a_small_one_still_is(self, world: World) -> None:
        path = await evidence_path(world)
        evidence = await added(world, world.seller, path)

        reply = await world.buyer.get(f"{path}/{evidence['id']}")

        assert (reply.status_code, reply.content, reply.headers["content-type"]) == (200, PNG, KIND)
        assert reply.headers["content-disposition"] == (
            "attachment; filename=\"waybill.png\"; filename*=UTF-8''waybill.png"
        )

    async def test_evidence_from_an_upload_fulfils_a_condition(self, world: World) -> None:
        path = await evidence_path(world)
        order = (await world.seller.get(path.removesuffix("/evidence"))).json()
        document = next(c for c in order["conditions"] if c["evidence_required"])
        evidence = await added(world, world.seller, path)

        reply = await world.seller.post(
            f"/orders/{order['id']}/conditions/{document['id']}/submit", {"evidence_ids": [evidence["id"]]}
        )

        assert reply.status_code == 200


class TestAnnouncements:
    @pytest.mark.parametrize(
        ("changes", "answer"),
        [
            ({"content_type": "image/svg+xml"}, (415, "unsupported_content_type")),
            ({"content_type": "text/html"}, (415, "unsupported_content_type")),
            ({"size_bytes": 26_214_401}, (413, "file_too_large")),
            ({"size_bytes": 0}, (422, "validation_failed")),
            ({"size_bytes": 2**63}, (422, "validation_failed")),
            ({"file_name": "../waybill.png"}, (422, "validation_failed")),
            ({"file_name": "a\x00b"}, (422, "validation_failed")),
            ({"file_name": "gnp.\u202eexe"}, (422, "validation_failed")),
            ({"file_name": "a" * 121}, (422, "validation_failed")),
        ],
    )
    async def test_of_what_is_not_accepted_are_refused(
        self, world: World, changes: dict[str, Any], answer: tuple[int, str]
    ) -> None:
        path = await evidence_path(world)
        body = {"file_name": "waybill.png", "content_type": KIND, "size_bytes": len(PNG)} | changes

        reply = await world.seller.post(f"{path}/uploads", body)

        assert (reply.status_code, reply.json()["code"]) == answer
        assert (await counted(world))["uploads"] == 0

    async def test_repeated_with_their_key_give_the_same_link(self, world: World) -> None:
        path = await evidence_path(world)
        body = {"file_name": "waybill.png", "content_type": KIND, "size_bytes": len(PNG)}

        first = await world.seller.post(f"{path}/uploads", body, key="k1")
        second = await world.seller.post(f"{path}/uploads", body, key="k1")

        assert first.content == second.content
        assert (await counted(world))["uploads"] == 1

    async def test_name_a_link_that_ends_before_the_upload_does(self, world: World) -> None:
        upload = await begun(world.seller, await evidence_path(world))

        assert upload["upload"]["expires_at"] < upload["expires_at"]

    async def test_to_an_order_that_is_over_are_refused(self, world: World) -> None:
        path = await evidence_path(world)
        await world.seller.post(f"{path.removesuffix('/evidence')}/cancel", {"reason": "sold"})

        reply = await world.seller.post(
            f"{path}/uploads", {"file_name": "a.png", "content_type": KIND, "size_bytes": 10}
        )

        assert (reply.status_code, reply.json()["code"]) == (409, "order_illegal_transition")


class TestCompleting:
    async def test_waits_for_the_file(self, world: World) -> None:
        path = await evidence_path(world)
        upload = await begun(world.seller, path)
        complete = f"{path}/uploads/{upload['id']}/complete"

        early = await world.seller.post(complete, key="k1")
        await sent(world, upload)
        late = await world.seller.post(complete, key="k1")

        assert (early.status_code, early.json()["code"], early.json()["retryable"]) == (409, "upload_not_arrived", True)
        assert late.status_code == 200

    @pytest.mark.parametrize(
        ("data", "answer"),
        [
            (PDF, (415, "unsupported_content_type")),
            (b"<svg/>" + bytes(len(PNG) - 6), (415, "unsupported_content_type")),
            (PNG + b"x", (422, "file_size_mismatch")),
            (PNG[:-1], (422, "file_size_mismatch")),
        ],
        ids=["another-kind", "no-kind", "more", "less"],
    )
    async def test_refuses_a_bad_file_and_deletes_it(self, world: World, data: bytes, answer: tuple[int, str]) -> None:
        path = await evidence_path(world)
        upload = await begun(world.seller, path)
        # A store that holds nobody to what was announced.
        await memory(world).put(key=key_of(upload), data=data, content_type=KIND)

        reply = await world.seller.post(f"{path}/uploads/{upload['id']}/complete")

        assert (reply.status_code, reply.json()["code"]) == answer
        assert memory(world).objects == {}
        assert await counted(world) == {"evidence": 0, "events": 0, "uploads": 1}
        # The upload is not spoilt by it.
        assert await sent(world, upload)
        assert (await world.seller.post(f"{path}/uploads/{upload['id']}/complete")).status_code == 200

    async def test_again_returns_the_same_evidence(self, world: World) -> None:
        path = await evidence_path(world)
        upload = await uploaded(world, world.seller, path)
        complete = f"{path}/uploads/{upload['id']}/complete"

        replies = [await world.seller.post(complete, key=key) for key in ("k1", "k1", "k2")]

        assert {(reply.status_code, reply.content) for reply in replies} == {(200, replies[0].content)}
        assert await counted(world) == {"evidence": 1, "events": 1, "uploads": 1}

    async def test_again_works_after_the_order_is_over(self, world: World) -> None:
        path = await evidence_path(world)
        upload = await uploaded(world, world.seller, path)
        first = await world.seller.post(f"{path}/uploads/{upload['id']}/complete")
        await world.seller.post(f"{path.removesuffix('/evidence')}/cancel", {"reason": "sold"})

        again = await world.seller.post(f"{path}/uploads/{upload['id']}/complete")

        assert (again.status_code, again.content) == (200, first.content)

    async def test_twenty_times_at_once_makes_one_piece(self, world: World) -> None:
        path = await evidence_path(world)
        upload = await uploaded(world, world.seller, path)

        replies = await asyncio.gather(
            *(world.seller.post(f"{path}/uploads/{upload['id']}/complete") for _ in range(20))
        )

        assert {reply.status_code for reply in replies} == {200}
        assert len({reply.content for reply in replies}) == 1
        assert await counted(world) == {"evidence": 1, "events": 1, "uploads": 1}
        assert list(memory(world).objects.values()) == [PNG]
        assert await world.violations() == {}

    async def test_too_late_is_refused(self, world: World) -> None:
        path = await evidence_path(world)
        upload = await uploaded(world, world.seller, path)
        await make_old(world)

        reply = await world.seller.post(f"{path}/uploads/{upload['id']}/complete")

        assert (reply.status_code, reply.json()["code"]) == (410, "upload_expired")
        assert (await counted(world))["evidence"] == 0

    async def test_is_refused_once_the_order_is_over(self, world: World) -> None:
        path = await evidence_path(world)
        upload = await uploaded(world, world.seller, path)
        await world.seller.post(f"{path.removesuffix('/evidence')}/cancel", {"reason": "sold"})

        reply = await world.seller.post(f"{path}/uploads/{upload['id']}/complete")

        assert (reply.status_code, reply.json()["code"]) == (409, "order_illegal_transition")

    async def test_is_for_the_one_who_began(self, world: World) -> None:
        path = await evidence_path(world)
        upload = await uploaded(world, world.seller, path)
        complete = f"{path}/uploads/{upload['id']}/complete"

        other_party = await world.buyer.post(complete)
        stranger = await world.stranger.post(complete)

        assert (other_party.status_code, other_party.json()["code"]) == (404, "upload_not_found")
        assert (stranger.status_code, stranger.json()["code"]) == (404, "order_not_found")

    async def test_is_for_the_order_it_was_begun_for(self, world: World) -> None:
        path, other = await evidence_path(world), await evidence_path(world)
        upload = await uploaded(world, world.seller, path)

        reply = await world.seller.post(f"{other}/uploads/{upload['id']}/complete")

        assert (reply.status_code, reply.json()["code"]) == (404, "upload_not_found")

    async def test_without_the_store_is_tried_again(self, world: World) -> None:
        path = await evidence_path(world)
        upload = await uploaded(world, world.seller, path)
        memory(world).is_down = True

        down = await world.seller.post(f"{path}/uploads/{upload['id']}/complete", key="k1")
        memory(world).is_down = False
        up = await world.seller.post(f"{path}/uploads/{upload['id']}/complete", key="k1")

        assert (down.status_code, down.json()["code"], down.json()["retryable"]) == (503, "storage_unavailable", True)
        assert "Retry-After" in down.headers
        assert up.status_code == 200


class TestPinned:
    async def test_what_was_completed_does_not_change_with_its_link(self, world: World) -> None:
        path = await evidence_path(world)
        upload = await uploaded(world, world.seller, path)
        evidence = (await world.seller.post(f"{path}/uploads/{upload['id']}/complete")).json()
        other = PNG[:-1] + b"x"

        # The link is still good, and what it led to was taken away.
        assert await sent(world, upload, other)

        assert (await world.buyer.get(f"{path}/{evidence['id']}")).content == PNG
        link = (await world.buyer.get(f"{path}/{evidence['id']}/url")).json()
        assert memory(world).served(link["url"]) == PNG
        assert hashlib.sha256(PNG).hexdigest() == link["sha256"]

    async def test_no_answer_tells_where_evidence_is_kept(self, world: World) -> None:
        path = await evidence_path(world)
        upload = await uploaded(world, world.seller, path)
        completed = await world.seller.post(f"{path}/uploads/{upload['id']}/complete")

        kept = await world.database.value("SELECT storage_key FROM evidence")

        assert kept != key_of(upload)
        assert kept not in completed.text


class TestLinks:
    async def test_are_for_the_parties(self, world: World) -> None:
        path = await evidence_path(world)
        evidence = await added(world, world.seller, path)

        for person in (world.buyer, world.seller):
            assert (await person.get(f"{path}/{evidence['id']}/url")).status_code == 200
        stranger = await world.stranger.get(f"{path}/{evidence['id']}/url")
        assert (stranger.status_code, stranger.json()["code"]) == (404, "evidence_not_found")

    async def test_are_for_an_admin_who_may_see_the_order(self, world: World) -> None:
        path = await evidence_path(world)
        evidence = await added(world, world.seller, path)
        order_id, evidence_id = read_id("ord", path.split("/")[2]), read_id("evd", evidence["id"])
        admin_id = await world.database.value("SELECT id FROM admins")
        service = world.application.orders.evidence

        link = await service.link_for_admin(
            order_id, evidence_id, admin_id=admin_id, visible="EXISTS (SELECT FROM admins AS a WHERE a.id = $1)"
        )

        assert memory(world).served(link.signed.url) == PNG
        with pytest.raises(EvidenceNotFoundError):
            await service.link_for_admin(order_id, evidence_id, admin_id=admin_id, visible="o.buyer_id = $1")

    async def test_are_good_for_minutes(self, world: World) -> None:
        path = await evidence_path(world)
        evidence = await added(world, world.seller, path)

        link = (await world.buyer.get(f"{path}/{evidence['id']}/url")).json()

        left = datetime.fromisoformat(link["expires_at"]) - datetime.now(UTC)
        assert timedelta(minutes=4) < left <= timedelta(minutes=5)


def key_of(upload: dict[str, Any]) -> str:
    return str(upload["upload"]["url"]).partition("?")[0].rpartition("/")[2]
