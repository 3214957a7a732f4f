"""Links to files of the local store: nothing but exactly what was signed, and only for a while."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx2
import pytest

from kro.core.clock import FrozenClock
from kro.core.storage import (
    FileLinkExpiredError,
    FileLinkInvalidError,
    LinkSigner,
    MemoryObjectStore,
    SignedUpload,
    new_object_key,
)
from kro.core.storage.links import DownloadLink, UploadLink
from object_stores import BASE_URL, SECRET, HTTPWire, file_api, local_wire

PDF = "application/pdf"
FILE = b"%PDF-1.7" * 10
MINUTE = timedelta(minutes=1)


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock()


@pytest.fixture
async def wire(tmp_path: Path, clock: FrozenClock) -> AsyncIterator[HTTPWire]:
    async with local_wire(tmp_path, clock=clock) as opened:
        yield opened


async def upload_link(wire: HTTPWire, *, size: int = len(FILE)) -> SignedUpload:
    return await wire.store.presign_upload(key=new_object_key(), content_type=PDF, size_bytes=size, lifetime=MINUTE)


async def download_url(wire: HTTPWire, *, name: str = "waybill.pdf") -> str:
    key = new_object_key()
    await wire.store.put(key=key, data=FILE, content_type=PDF)
    signed = await wire.store.presign_download(key=key, content_type=PDF, file_name=name, lifetime=MINUTE)
    return signed.url


def altered(url: str, name: str, value: str) -> str:
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query)) | {name: value}
    return f"{BASE_URL}{parts.path}?{urlencode(query)}"


class TestSignatures:
    signer = LinkSigner(secret=SECRET, base_url=BASE_URL, clock=FrozenClock())
    expires = int(FrozenClock().now().timestamp()) + 60

    def signature_of(self, url: str) -> str:
        return dict(parse_qsl(urlsplit(url).query))["signature"]

    def test_are_known_again(self) -> None:
        put = UploadLink("a" * 64, PDF, 10, self.expires)
        get = DownloadLink("a" * 64, PDF, "waybill.pdf", self.expires)

        self.signer.check(put, self.signature_of(self.signer.upload_url(put)))
        self.signer.check(get, self.signature_of(self.signer.download_url(get)))

    def test_of_one_way_do_not_open_the_other(self) -> None:
        # The fields of both are texts a user has a say in; only the way itself tells them apart.
        put = UploadLink("a" * 64, PDF, 10, self.expires)
        get = DownloadLink("a" * 64, PDF, "10", self.expires)

        with pytest.raises(FileLinkInvalidError):
            self.signer.check(get, self.signature_of(self.signer.upload_url(put)))

    def test_of_another_server_are_not_ours(self) -> None:
        link = UploadLink("a" * 64, PDF, 10, self.expires)
        other = LinkSigner(secret=b"x" * 32, base_url=BASE_URL, clock=FrozenClock())

        with pytest.raises(FileLinkInvalidError):
            self.signer.check(link, self.signature_of(other.upload_url(link)))

    def test_live_through_a_rotation_until_their_key_is_away(self) -> None:
        new = b"n" * 32
        link = UploadLink("a" * 64, PDF, 10, self.expires)
        signature = self.signature_of(self.signer.upload_url(link))

        LinkSigner(secret=new, others=[SECRET], base_url=BASE_URL, clock=FrozenClock()).check(link, signature)
        with pytest.raises(FileLinkInvalidError):
            LinkSigner(secret=new, base_url=BASE_URL, clock=FrozenClock()).check(link, signature)

    def test_end_at_the_second_they_name(self) -> None:
        clock = FrozenClock()
        signer = LinkSigner(secret=SECRET, base_url=BASE_URL, clock=clock)
        link = UploadLink("a" * 64, PDF, 10, self.expires)
        signature = self.signature_of(signer.upload_url(link))

        clock.advance(timedelta(seconds=59))
        signer.check(link, signature)
        clock.advance(timedelta(seconds=1))
        with pytest.raises(FileLinkExpiredError):
            signer.check(link, signature)

    @pytest.mark.parametrize("border", [", ", '", "', "\n"])
    def test_no_text_can_end_a_field_early(self, border: str) -> None:
        one = DownloadLink("a" * 64, "a", f"b{border}c", self.expires)
        two = DownloadLink("a" * 64, f"a{border}b", "c", self.expires)

        assert self.signature_of(self.signer.download_url(one)) != self.signature_of(self.signer.download_url(two))


class TestUploads:
    async def test_of_exactly_what_was_announced_are_taken(self, wire: HTTPWire) -> None:
        signed = await upload_link(wire)

        reply = await wire.http.put(signed.url, content=FILE, headers=dict(signed.headers))

        assert (reply.status_code, reply.content) == (204, b"")

    @pytest.mark.parametrize("data", [FILE + b"x", FILE[:-1], b"", FILE * 1000], ids=["more", "less", "none", "much"])
    async def test_of_another_size_are_refused(self, wire: HTTPWire, data: bytes) -> None:
        signed = await upload_link(wire)

        reply = await wire.http.put(signed.url, content=data, headers=dict(signed.headers))

        assert (reply.status_code, reply.json()["code"]) == (422, "file_size_mismatch")
        assert (await wire.http.put(signed.url, content=FILE, headers=dict(signed.headers))).status_code == 204

    async def test_beyond_what_any_file_may_have_are_not_read(self, wire: HTTPWire) -> None:
        signed = await upload_link(wire, size=1_000_001)

        reply = await wire.http.put(signed.url, content=b"x" * 1_000_001, headers=dict(signed.headers))

        assert (reply.status_code, reply.json()["code"]) == (413, "body_too_large")

    async def test_as_another_kind_are_refused(self, wire: HTTPWire) -> None:
        signed = await upload_link(wire)

        reply = await wire.http.put(signed.url, content=FILE, headers={"Content-Type": "text/html"})

        assert (reply.status_code, reply.json()["code"]) == (415, "unsupported_content_type")

    async def test_a_second_time_are_refused(self, wire: HTTPWire) -> None:
        signed = await upload_link(wire)
        await wire.http.put(signed.url, content=FILE, headers=dict(signed.headers))

        reply = await wire.http.put(signed.url, content=b"y" * len(FILE), headers=dict(signed.headers))

        assert (reply.status_code, reply.json()["code"]) == (409, "object_exists")

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("expires", "99999999999"),
            ("size", "81"),
            ("content_type", "text/html"),
            ("signature", "0" * 64),
            ("signature", "é" * 64),
        ],
    )
    async def test_to_an_altered_link_are_refused(self, wire: HTTPWire, name: str, value: str) -> None:
        signed = await upload_link(wire)

        reply = await wire.http.put(
            altered(signed.url, name, value), content=FILE, headers={"Content-Type": value if "/" in value else PDF}
        )

        assert (reply.status_code, reply.json()["code"]) == (403, "file_link_invalid")

    async def test_to_another_key_are_refused(self, wire: HTTPWire) -> None:
        signed = await upload_link(wire)
        url = f"{BASE_URL}/v1/files/{new_object_key()}?{urlsplit(signed.url).query}"

        reply = await wire.http.put(url, content=FILE, headers=dict(signed.headers))

        assert (reply.status_code, reply.json()["code"]) == (403, "file_link_invalid")

    async def test_too_late_are_refused(self, wire: HTTPWire, clock: FrozenClock) -> None:
        signed = await upload_link(wire)
        clock.advance(MINUTE)

        reply = await wire.http.put(signed.url, content=FILE, headers=dict(signed.headers))

        assert (reply.status_code, reply.json()["code"]) == (410, "file_link_expired")


class TestDownloads:
    async def test_show_nothing_in_the_browser(self, wire: HTTPWire) -> None:
        reply = await wire.http.get(await download_url(wire))

        assert reply.content == FILE
        assert reply.headers["content-type"] == PDF
        assert reply.headers["content-disposition"].startswith('attachment; filename="waybill.pdf"; ')
        assert reply.headers["content-security-policy"] == "default-src 'none'; sandbox"
        assert reply.headers["x-content-type-options"] == "nosniff"
        assert reply.headers["cache-control"] == "no-store"

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("expires", "99999999999"),
            ("file_name", "virus.exe"),
            ("content_type", "text/html"),
            ("signature", "0" * 64),
            ("file_name", "\x00"),
        ],
    )
    async def test_by_an_altered_link_are_refused(self, wire: HTTPWire, name: str, value: str) -> None:
        reply = await wire.http.get(altered(await download_url(wire), name, value))

        assert (reply.status_code, reply.json()["code"]) == (403, "file_link_invalid")

    async def test_of_other_files_are_refused(self, wire: HTTPWire) -> None:
        mine, theirs = await download_url(wire), await download_url(wire)
        url = f"{BASE_URL}{urlsplit(theirs).path}?{urlsplit(mine).query}"

        assert (await wire.http.get(url)).status_code == 403

    async def test_too_late_are_refused(self, wire: HTTPWire, clock: FrozenClock) -> None:
        url = await download_url(wire)
        clock.advance(MINUTE)

        reply = await wire.http.get(url)

        assert (reply.status_code, reply.json()["code"]) == (410, "file_link_expired")

    async def test_of_a_file_that_is_gone_are_told_so(self, wire: HTTPWire) -> None:
        url = await download_url(wire)
        await wire.store.delete(key=urlsplit(url).path.rpartition("/")[2])

        reply = await wire.http.get(url)

        assert (reply.status_code, reply.json()["code"]) == (404, "object_not_found")

    async def test_do_not_exist_where_files_are_kept_elsewhere(self, wire: HTTPWire) -> None:
        url = await download_url(wire)
        elsewhere = httpx2.ASGITransport(app=file_api(MemoryObjectStore()))
        async with httpx2.AsyncClient(transport=elsewhere, base_url=BASE_URL) as http:
            assert (await http.get(url)).status_code == 403
