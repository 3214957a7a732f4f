"""Secrets that tests use all over, by their shape: wherever the program writes, none of them may be read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from pydantic import BaseModel, SecretStr

from kro.core.config import load_settings

_LEAST: Final = 12
"""Shorter settings are words such as ``test``, which stand in many a harmless line."""
# Where it can, each begins with what it is and looks back from there at what may not stand before it: to look back from
# every character takes ten times as long, and what every test wrote is read.
_SHAPES: Final = {
    "password of all": r"correct horse battery",
    "password": r"-kettle-[\w-]*\d",
    "access token": r"eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}",
    "refresh token": r"(?<![\w.-])[\w-]{86}(?![\w.-])",
    "authenticator": r"JBSWY3DPEHPK3PXP\w*",
    "code": r"[:=](?i:(?<=code.)|(?<=code['\"].)|(?<=otp.)|(?<=otp['\"].)) ?['\"]?\d{6}(?!\d)",
    # The previews of templates show a code that is nobody's, and made-up requests send it back.
    "code in words": r" your KRO (?<=\d (?:is|na) your KRO )(?<!012345 .. your KRO )",
    "recovery code": r"-(?<=[A-Z2-7]{4}-)[A-Z2-7]{4}(?:-[A-Z2-7]{4}){2}\b(?<!\w.{19})",
    "link": r"/(?:magic-links|password-resets|contact-changes|invites|handover)/[\w-]{40,}",
    "account number": r"(?:000123456[79]|0123456789|200000000[56]|2345678901|9876543210)(?!\w)(?<!\w.{10})",
    "BVN or NIN": r"22(?:2{9}|871936450)(?!\w)(?<!\w.{11})",
    "card": r"4084084(?<!\w.{7})0{0,4}\d{5,9}(?!\w)",
    "signed file": r"signature=(?<=[?&]signature=)[\w%-]{20,}",
}


def _keys(settings: BaseModel) -> Iterator[str]:
    """Every secret of the test configuration: vendors' keys, our own signing and encryption keys, passwords."""
    for name in type(settings).model_fields:
        yield from _secrets(getattr(settings, name))


def _secrets(value: Any) -> Iterator[str]:
    match value:
        case BaseModel():
            yield from _keys(value)
        case SecretStr():
            yield value.get_secret_value()
        case dict():
            yield from _each(value.values())
        case list() | tuple():
            yield from _each(value)


def _each(values: Iterable[Any]) -> Iterator[str]:
    for value in values:
        yield from _secrets(value)


_PATTERNS: Final = {kind: re.compile(shape) for kind, shape in _SHAPES.items()}
_KEYS: Final = sorted(key for key in _keys(load_settings(environment="test", environ={})) if len(key) >= _LEAST)
_SPANS: Final = InMemorySpanExporter()
_SENT: Final[set[str]] = set()
_SENDABLE: Final = re.compile(r"(?<!\w)(?:\d{6}|[\w-]{40,})(?!\w)")


def keep_spans() -> None:
    """Have every span of this process kept until :func:`kept_spans` asks for it."""
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(_SPANS))
    trace.set_tracer_provider(provider)


def kept_spans() -> str:
    """Return what spans told since this was last asked, with their attributes and events."""
    spans: tuple[ReadableSpan, ...] = _SPANS.get_finished_spans()
    _SPANS.clear()
    return "\n".join(
        f"{span.name} {dict(span.attributes or {})} {span.status.description} {_events(span)}" for span in spans
    )


def _events(span: ReadableSpan) -> list[tuple[str, dict[str, Any]]]:
    return [(event.name, dict(event.attributes or {})) for event in span.events]


def remember_sent(messages: Iterable[str]) -> None:
    """Keep the codes and the links' tokens of messages to people until :func:`forget_sent`."""
    _SENT.update(found for message in messages for found in _SENDABLE.findall(message))


def forget_sent() -> None:
    """Let the next test start without the codes of the last one."""
    _SENT.clear()


def leaks(text: str, *, sent: bool = False) -> list[str]:
    """Return which secrets a text tells, each with the line it stands in; with ``sent`` also what people were sent."""
    # One pattern after the other and plain text for the keys: an alternation of all takes ten times as long.
    places = [(kind, found.start()) for kind, pattern in _PATTERNS.items() for found in pattern.finditer(text)]
    places += [("key", text.index(key)) for key in _KEYS if key in text]
    # As a word of its own: the same six digits may be part of a moment, an amount or an id.
    for word in [word for word in _SENT if word in text] if sent else ():
        places += [("sent", found.start()) for found in re.finditer(rf"(?<![\w.+-]){word}(?![\w.+-])", text)]
    return [f"{kind}: {_line(text, place)}" for kind, place in places]


def _line(text: str, place: int) -> str:
    start, end = text.rfind("\n", 0, place) + 1, text.find("\n", place)
    return text[start : end if end >= 0 else None][:400]
