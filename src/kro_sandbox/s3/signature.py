"""Signature Version 4, recomputed from what really arrived: in the query of an address, or in a header.

docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import parse_qsl, quote

from kro_sandbox.s3.errors import S3Error

ALGORITHM: Final = "AWS4-HMAC-SHA256"
UNSIGNED: Final = "UNSIGNED-PAYLOAD"
_LONGEST: Final = timedelta(days=7)
_SKEW: Final = timedelta(minutes=15)
_HEADER: Final = re.compile(
    rf"{ALGORITHM} Credential=(?P<credential>[^,]+), ?SignedHeaders=(?P<headers>[^,]+), ?Signature=(?P<signature>.+)"
)
_SAFE: Final = "-_.~"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedRequest:
    """What a signature covers. ``path`` is as it was sent, still encoded; ``headers`` have lower-case names."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]

    @property
    def parameters(self) -> list[tuple[str, str]]:
        return parse_qsl(self.query, keep_blank_values=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Claim:
    credential: str
    headers: str
    signature: str
    moment: str
    payload: str


class Verifier:
    """Knows the access keys of one user by their ids: one, or two while they are rotated."""

    def __init__(self, *, keys: Mapping[str, str], region: str) -> None:
        self._keys = keys
        self._region = region

    def verify(self, request: SignedRequest, *, now: datetime) -> str:
        """Return the digest the body must have in hexadecimal, or ``UNSIGNED-PAYLOAD``.

        :raises S3Error: when the request is not signed by our key, not for this service, or not in time.
        """
        parameters = dict(request.parameters)
        if "X-Amz-Signature" in parameters:
            claim = _from_query(parameters)
            lifetime = _lifetime(parameters)
            if now > _moment(claim.moment) + lifetime:
                raise S3Error("AccessDenied", "Request has expired")
        elif "authorization" in request.headers:
            claim = _from_header(request.headers)
            if abs(now - _moment(claim.moment)) > _SKEW:
                raise S3Error("RequestTimeTooSkewed")
        else:
            raise S3Error("AccessDenied")
        self._check(request, claim)
        return claim.payload

    def _check(self, request: SignedRequest, claim: _Claim) -> None:
        key_id, _, scope = claim.credential.partition("/")
        day = claim.moment[:8]
        if (secret := self._keys.get(key_id)) is None:
            raise S3Error("InvalidAccessKeyId")
        if scope != f"{day}/{self._region}/s3/aws4_request":
            raise S3Error("AuthorizationHeaderMalformed", f"The scope must be {day}/{self._region}/s3/aws4_request.")
        names = claim.headers.split(";")
        loose = [name for name in request.headers if name.startswith("x-amz-") and name not in names]
        if "host" not in names or loose:
            raise S3Error("AccessDenied", "There were headers present in the request which were not signed")
        canonical = _canonical(request, names, claim.payload)
        to_sign = f"{ALGORITHM}\n{claim.moment}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        if not hmac.compare_digest(self._sign(secret, day, to_sign).encode(), claim.signature.encode()):
            raise S3Error("SignatureDoesNotMatch")

    def _sign(self, secret: str, day: str, text: str) -> str:
        key = f"AWS4{secret}".encode()
        for part in (day, self._region, "s3", "aws4_request"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def _canonical(request: SignedRequest, names: list[str], payload: str) -> str:
    pairs = sorted(
        (quote(name, safe=_SAFE), quote(value, safe=_SAFE))
        for name, value in request.parameters
        if name != "X-Amz-Signature"
    )
    headers = "".join(f"{name}:{' '.join(request.headers.get(name, '').split())}\n" for name in names)
    query = "&".join(f"{name}={value}" for name, value in pairs)
    return "\n".join((request.method, request.path, query, headers, ";".join(names), payload))


def _from_query(parameters: Mapping[str, str]) -> _Claim:
    try:
        claim = _Claim(
            credential=parameters["X-Amz-Credential"],
            headers=parameters["X-Amz-SignedHeaders"],
            signature=parameters["X-Amz-Signature"],
            moment=parameters["X-Amz-Date"],
            payload=UNSIGNED,
        )
    except KeyError:
        raise S3Error("AuthorizationQueryParametersError") from None
    if parameters.get("X-Amz-Algorithm") != ALGORITHM:
        raise S3Error("AuthorizationQueryParametersError")
    return claim


def _from_header(headers: Mapping[str, str]) -> _Claim:
    found = _HEADER.fullmatch(headers["authorization"])
    if found is None or "x-amz-content-sha256" not in headers:
        raise S3Error("AuthorizationHeaderMalformed")
    payload = headers["x-amz-content-sha256"]
    if payload.startswith("STREAMING-"):
        raise S3Error("NotImplemented")
    return _Claim(**found.groupdict(), moment=headers.get("x-amz-date", ""), payload=payload)


def _lifetime(parameters: Mapping[str, str]) -> timedelta:
    seconds = parameters.get("X-Amz-Expires", "")
    if not seconds.isdecimal() or timedelta(seconds=min(int(seconds), 10**9)) > _LONGEST:
        raise S3Error("AuthorizationQueryParametersError", "X-Amz-Expires must be less than a week in seconds")
    return timedelta(seconds=int(seconds))


def _moment(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise S3Error("AccessDenied", "AWS authentication requires a valid Date or x-amz-date header") from None
