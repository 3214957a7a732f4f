"""The stand-in for S3 is a judge of signatures: it has to agree with Amazon's own examples."""

from datetime import UTC, datetime, timedelta

import httpx2
import pytest
from starlette.applications import Starlette

from kro.core.clock import SystemClock
from kro.core.storage.interface import SignedUpload, new_object_key
from kro.core.storage.s3 import S3ObjectStore, S3Settings
from kro_sandbox.core.clock import SystemClock as SandboxClock
from kro_sandbox.s3.errors import S3Error
from kro_sandbox.s3.signature import SignedRequest, Verifier
from kro_sandbox.sandbox import Sandbox
from kro_sandbox.settings import S3_BUCKET, S3_KEY_ID, S3_REGION, S3_TEST_KEY, SandboxSettings

# docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html and sig-v4-header-based-auth.html
EXAMPLE = Verifier(keys={"AKIAIOSFODNN7EXAMPLE": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}, region="us-east-1")
HOST = "examplebucket.s3.amazonaws.com"
NOON = datetime(2013, 5, 24, tzinfo=UTC)
EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
QUERY = (
    "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"
    "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
    "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
)
HEADERS = {
    "host": HOST,
    "range": "bytes=0-9",
    "x-amz-content-sha256": EMPTY,
    "x-amz-date": "20130524T000000Z",
    "authorization": (
        "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
        "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,"
        "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
    ),
}


def signed_query(**changes: str) -> SignedRequest:
    query = QUERY
    for name, value in changes.items():
        query = query.replace(name, value)
    return SignedRequest(method="GET", path="/test.txt", query=query, headers={"host": HOST})


def signed_header(**changes: str) -> SignedRequest:
    return SignedRequest(method="GET", path="/test.txt", query="", headers=HEADERS | changes)


def refused(request: SignedRequest, *, now: datetime = NOON) -> str:
    with pytest.raises(S3Error) as refusal:
        EXAMPLE.verify(request, now=now)
    return refusal.value.code


class TestAmazonsExamples:
    def test_an_address_is_accepted_for_a_day(self) -> None:
        assert EXAMPLE.verify(signed_query(), now=NOON + timedelta(days=1)) == "UNSIGNED-PAYLOAD"
        assert refused(signed_query(), now=NOON + timedelta(days=1, seconds=1)) == "AccessDenied"

    def test_a_header_is_accepted_for_a_quarter_of_an_hour(self) -> None:
        assert EXAMPLE.verify(signed_header(), now=NOON + timedelta(minutes=15)) == EMPTY
        assert refused(signed_header(), now=NOON + timedelta(minutes=16)) == "RequestTimeTooSkewed"

    @pytest.mark.parametrize(
        ("request_", "code"),
        [
            (signed_query(**{"86400": "86401"}), "SignatureDoesNotMatch"),
            (signed_query(**{"86400": "604801"}), "AuthorizationQueryParametersError"),
            (signed_query(AKIAIOSFODNN7EXAMPLE="AKIAIOSFODNN7ANOTHER"), "InvalidAccessKeyId"),
            (signed_query(**{"us-east-1": "us-west-1"}), "AuthorizationHeaderMalformed"),
            (signed_query(aeeed9="beeed9"), "SignatureDoesNotMatch"),
            (signed_query(**{"&X-Amz-Date=20130524T000000Z": ""}), "AuthorizationQueryParametersError"),
            (signed_header(range="bytes=0-10"), "SignatureDoesNotMatch"),
            (signed_header(**{"x-amz-acl": "public-read"}), "AccessDenied"),
            (signed_header(authorization="Basic abc"), "AuthorizationHeaderMalformed"),
            (SignedRequest(method="GET", path="/test.txt", query="", headers={"host": HOST}), "AccessDenied"),
        ],
    )
    def test_nothing_else_is(self, request_: SignedRequest, code: str) -> None:
        assert refused(request_) == code


class TestRefusals:
    async def test_look_like_s3s(self, client: httpx2.AsyncClient) -> None:
        reply = await client.get("/s3/kro-sandbox/key")

        assert (reply.status_code, reply.headers["content-type"]) == (403, "application/xml")
        assert "<Error><Code>AccessDenied</Code><Message>Access Denied</Message><RequestId>" in reply.text
        assert reply.headers["access-control-allow-origin"] == "*"

    async def test_a_browser_may_ask_before(self, client: httpx2.AsyncClient) -> None:
        reply = await client.options(
            "/s3/kro-sandbox/key", headers={"Access-Control-Request-Headers": "content-type,if-none-match"}
        )

        assert reply.status_code == 200
        assert reply.headers["access-control-allow-headers"] == "content-type,if-none-match"
        assert "PUT" in reply.headers["access-control-allow-methods"]


class TestRotatedKeys:
    async def test_a_link_that_is_out_works_for_as_long_as_its_key_does(self) -> None:
        sandbox = Sandbox(settings=SandboxSettings(), clock=SandboxClock())
        app = Starlette(routes=sandbox.s3.routes())
        old, new = (S3_KEY_ID, S3_TEST_KEY), ("kro_sandbox_s3_second_id", "kro_sandbox_s3_second_secret_0000000000")
        before, after = (store_with(*key) for key in (old, new))

        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app)) as http:

            async def uploads(link: SignedUpload) -> int:
                return (await http.put(link.url, content=b"x" * 10, headers=dict(link.headers))).status_code

            async def link(store: S3ObjectStore) -> SignedUpload:
                return await store.presign_upload(
                    key=new_object_key(), content_type="text/plain", size_bytes=10, lifetime=timedelta(minutes=15)
                )

            under_way, unused = await link(before), await link(before)
            sandbox.s3.keys[new[0]] = new[1]
            assert await uploads(under_way) == 200
            assert await uploads(await link(after)) == 200

            del sandbox.s3.keys[old[0]]
            assert await uploads(unused) == 403
            assert await uploads(await link(after)) == 200
        assert len(sandbox.s3.objects) == 3


def store_with(key_id: str, secret: str) -> S3ObjectStore:
    settings = S3Settings(
        bucket=S3_BUCKET,
        region=S3_REGION,
        access_key_id=key_id,
        secret_access_key=secret,
        endpoint="http://127.0.0.1:1/s3",
        addressing="path",
    )
    return S3ObjectStore(settings, clock=SystemClock())
