"""What stage, preprod and production refuse: secrets that others know, stand-ins, and plain-text addresses."""

from __future__ import annotations

import base64
import binascii
import ipaddress
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from kro.core.config.platform import Environment, LogFormat
from kro.core.config.shape import leaves

_MARKERS: Final = (
    "kro_sandbox",
    "kro-local-only",
    "krolocalonly",
    "changeme",
    "change-me",
    "change_me",
    "placeholder",
    "replace-me",
    "replace_me",
    "your-",
    "your_",
    "example",
    "insert-",
    "${",
    "<",
)
_WORDS: Final = frozenset(
    {"", "admin", "default", "kro", "none", "null", "password", "postgres", "secret", "test", "todo", "xxx"}
)
_PUBLISHED: Final = frozenset(
    {
        "29a492021f4b709a8d1152c3ef4d32dc5a7092723ecac4c511781003584b48873ccbfebdeae89cf22ed1cb1a836213549bc6638a3b563ca7fc009beb3bc30cf8",
        "6leixactaaaaagg-vfi1tnrwxmznfuojj4wifjwe",
        "6leixactaaaaajczvrqyhh71umiegnq_mxjizkhi",
        # The public halves of the keys that the sandbox signs SendGrid's and Telnyx's webhooks with.
        "mfkwewyhkozizj0caqyikozizj0daqcdqgaee1hvvz/nahqvift5zhayvh0jiobw+u1nduuhl56xiqhdcf1zztcpd2i6ev+iedvr8knw9use46/ywhhkogc/4g==",
        "hhma3yeruc9g+3++hej6mqjq9qsms/9+wbacibih9kk=",
    }
)
"""Test credentials printed in vendors' public documentation, in lower case."""
_FEWEST_CHARACTERS: Final = 6
_FEWEST_BYTES: Final = 16
_SHORTEST_WAIT: Final = 30

_SWITCHES: Final = {
    ("sandbox", "enabled"): "the sandbox must be off here",
    ("database", "embedded"): "the embedded server is for development; give a url or a host",
    ("sendGrid", "sandboxMode"): "no mail would be sent",
    ("app", "testClock"): "deadlines that anybody can move bind nobody",
}
_PROOF: Final = ("stepUp", "aboveMinor", "NGN")
_PROOF_AT_LATEST_ABOVE: Final = 500_000_000
"""In kobo: the largest order of the tier before the highest as it is delivered."""
_RECORDS: Final = ("accounts", "eraseDays")
_RECORDS_KEPT: Final = 1_825
"""Five years: what the Money Laundering (Prevention and Prohibition) Act 2022 asks for after a relationship ended."""
_PRODUCTION_ONLY: Final = frozenset({("sendGrid", "sandboxMode")})


def refusals(tree: Mapping[str, Any], *, environment: Environment) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield the path of every value that must not be used where strangers' money may be near, and why."""
    if not environment.is_guarded:
        return
    for leaf in leaves(tree):
        if not isinstance(leaf.value, str):
            continue
        reason = _secret_refusal(leaf.value, environment) if leaf.secret else _plain_refusal(leaf.value)
        if reason:
            yield leaf.path, reason
    yield from _dangerous(tree, environment)


def _dangerous(tree: Mapping[str, Any], environment: Environment) -> Iterator[tuple[tuple[str, ...], str]]:
    if any(_at(tree, ("demo", people)) for people in ("users", "admins")):
        yield ("demo",), "everybody knows these people's passwords; no demo users or admins here"
    if _at(tree, ("logging", "format")) == LogFormat.CONSOLE:
        yield ("logging", "format"), "it would show the texts of exceptions; use json"
    threshold = _at(tree, _PROOF)
    if isinstance(threshold, int) and threshold > _PROOF_AT_LATEST_ABOVE:
        yield _PROOF, "hardly anybody would ever be asked to prove who moves the money"
    kept = _at(tree, _RECORDS)
    if isinstance(kept, int) and kept < _RECORDS_KEPT:
        yield _RECORDS, f"the law on money laundering has records kept for {_RECORDS_KEPT} days"
    if _has_short_waits(_at(tree, ("otp", "resendSeconds"))):
        yield ("otp", "resendSeconds"), f"each code costs money; at least {_SHORTEST_WAIT} seconds between two"
    for path, reason in _SWITCHES.items():
        if _at(tree, path) is True and (environment is Environment.PRODUCTION or path not in _PRODUCTION_ONLY):
            yield path, reason


def _has_short_waits(waits: object) -> bool:
    return isinstance(waits, list) and any(isinstance(wait, int) and wait < _SHORTEST_WAIT for wait in waits)


def _secret_refusal(value: str, environment: Environment) -> str | None:
    if "://" in value:
        password = urlsplit(value).password
        return None if password is None else _secret_refusal(password, environment)
    lowered = value.strip().lower()
    if lowered in _WORDS or any(marker in lowered for marker in _MARKERS):
        return "is a placeholder or a known development secret"
    if lowered in _PUBLISHED:
        return "is a published test credential"
    if len(set(lowered)) < _FEWEST_CHARACTERS or _is_text_in_base64(value):
        return "is not random enough for a secret"
    if environment is Environment.PRODUCTION and lowered.startswith(("sk_test_", "pk_test_")):
        return "is a test key; production needs the live one"
    return None


def _is_text_in_base64(value: str) -> bool:
    """Whether base64 hides readable text: 32 random bytes are all printable once in 10^13 keys."""
    try:
        key = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return False
    return len(key) >= _FEWEST_BYTES and (_is_printable(key) or len(set(key)) < _FEWEST_BYTES)


def _is_printable(key: bytes) -> bool:
    return key.isascii() and key.decode().isprintable()


def _plain_refusal(value: str) -> str | None:
    if value.strip().lower() in _PUBLISHED:
        return "is a published test credential"
    return _address_refusal(value)


def _address_refusal(value: str) -> str | None:
    if not value.startswith(("http://", "https://")):
        return "is a placeholder" if value.endswith(".example") else None
    if value.startswith("http://"):
        return "must use https here"
    host = urlsplit(value).hostname or ""
    if host.endswith(".example"):
        return "is a placeholder"
    return "must not lead to this machine" if _is_loopback(host) else None


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _at(tree: Mapping[str, Any], path: tuple[str, ...]) -> object:
    node: Any = tree
    for key in path:
        node = node.get(key) if isinstance(node, Mapping) else None
    return node
