"""Knows the shape of ``Settings``: which group a key path leads to, and which leaves are secrets."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import SecretBytes, SecretStr, TypeAdapter, ValidationError

from kro.core.config.groups import Group
from kro.core.config.settings import Settings


@dataclass(frozen=True, slots=True)
class Leaf:
    """One value of the merged tree. ``known`` is false for a key no group declares."""

    path: tuple[str, ...]
    value: object
    known: bool
    secret: bool


def leaves(tree: Mapping[str, Any]) -> Iterator[Leaf]:
    """Walk the merged tree along the declared groups."""
    yield from _walk(Settings, tree, ())


def read_text(path: tuple[str, ...], text: str) -> object:
    """Turn an environment variable into what the key at ``path`` wants: text stays text, anything else is JSON."""
    annotation = _annotation_at(path)
    try:
        TypeAdapter(annotation).validate_json(json.dumps(text), strict=True)
    except ValidationError:
        try:
            return json.loads(text)
        except ValueError:
            return text
    return text


def siblings(path: tuple[str, ...]) -> list[str]:
    """Return the keys that exist beside the last one of ``path``."""
    group = _group_in(_annotation_at(path[:-1]))
    return list(_fields(group)) if group else []


def secret_paths() -> tuple[str, ...]:
    """Return the key path of every secret there can be, given or not."""
    return tuple(".".join(path) for path in _secrets(Settings, ()))


def _secrets(group: type[Group], path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for name, annotation in _fields(group).items():
        inner = _group_in(annotation)
        if inner is not None:
            yield from _secrets(inner, (*path, name))
        elif _is_secret(annotation):
            yield (*path, name)


def _annotation_at(path: tuple[str, ...]) -> Any:  # noqa: ANN401 - any annotation
    annotation: Any = Settings
    for key in path:
        group = _group_in(annotation)
        annotation = _fields(group).get(key, object) if group else object
    return annotation


def _walk(annotation: Any, value: object, path: tuple[str, ...]) -> Iterator[Leaf]:  # noqa: ANN401 - any annotation
    group = _group_in(annotation)
    if isinstance(value, Mapping) and value:
        fields = _fields(group) if group else {}
        for key, item in value.items():
            inner = fields.get(key, object) if group else annotation
            yield from _walk(inner, item, (*path, str(key)))
    elif isinstance(value, list) and value:
        for index, item in enumerate(value):
            yield from _walk(annotation, item, (*path, str(index)))
    else:
        yield Leaf(path, value, known=annotation is not object, secret=_is_secret(annotation))


def _fields(group: type[Group]) -> dict[str, Any]:
    return {info.alias or name: info.rebuild_annotation() for name, info in group.model_fields.items()}


def _group_in(annotation: Any) -> type[Group] | None:  # noqa: ANN401 - any annotation
    """Find the group inside ``Group``, ``Group | None`` or ``tuple[Group, ...]``."""
    if isinstance(annotation, type) and issubclass(annotation, Group):
        return annotation
    return next((found for part in get_args(annotation) if (found := _group_in(part))), None)


def _is_secret(annotation: Any) -> bool:  # noqa: ANN401 - any annotation
    return annotation in {SecretStr, SecretBytes} or any(_is_secret(part) for part in get_args(annotation))
