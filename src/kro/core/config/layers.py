"""Reads the configuration files, lays them over each other and remembers where each value came from.

``default.json`` < ``<environment>.json`` < the same two in the external directory < environment variables, which
``custom-environment-variables.json`` maps to keys (the conventions of node-config).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from kro.core.config.shape import read_text

VARIABLES_FILE: Final = "custom-environment-variables.json"

CARRIED_OVER: Final[dict[tuple[str, ...], tuple[str, ...]]] = {
    ("database", "database"): ("database", "name"),
    ("database", "username"): ("database", "owner", "username"),
    ("database", "password"): ("database", "owner", "password"),
    ("twilio", "phoneNumber"): ("twilio", "fromNumber"),
    ("telnyx", "phoneNumber"): ("telnyx", "fromNumber"),
    ("fincra", "apiKey"): ("fincra", "secretKey"),
    ("fincra", "encryptionKey"): ("fincra", "webhookSecret"),
    ("providus", "username"): ("providus", "userName"),
    ("aws", "bucketName"): ("aws", "bucket"),
}
"""Other spellings found in a predecessor's files, and the key they mean here."""


@dataclass(slots=True)
class Layers:
    """The merged tree, the origin of each leaf, and what could not be read."""

    tree: dict[str, Any] = field(default_factory=dict)
    origins: dict[tuple[str, ...], str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def put(self, path: tuple[str, ...], value: object, *, origin: str) -> None:
        """Lay one leaf over what is there; a list or a scalar replaces, a group keeps its other keys."""
        path = CARRIED_OVER.get(path, path)
        node = self.tree
        for key in path[:-1]:
            if not isinstance(node.get(key), dict):
                node[key] = {}
            node = node[key]
        node[path[-1]] = value
        self.origins[path] = origin

    def put_file(self, file: Path, *, origin: str) -> None:
        for path, value in _leaves(self._read(file)):
            self.put(path, value, origin=origin)

    def put_variables(self, file: Path, environ: Mapping[str, str]) -> None:
        for path, target in _leaves(self._read(file), stop="__name"):
            name = target["__name"] if isinstance(target, dict) else target
            if not isinstance(name, str):
                self.problems.append(f"{'.'.join(path)}: {file.name} must name an environment variable here")
            elif text := environ.get(name, ""):
                as_json = isinstance(target, dict) and target.get("__format") == "json"
                self._put_text(path, text, name=name, as_json=as_json)

    def _put_text(self, path: tuple[str, ...], text: str, *, name: str, as_json: bool) -> None:
        value: object = text
        if as_json:
            try:
                value = json.loads(text)
            except ValueError:
                self.problems.append(f"{'.'.join(path)}: the environment variable {name} is not valid JSON")
                return
        else:
            value = read_text(CARRIED_OVER.get(path, path), text)
        self.put(path, value, origin=f"${name}")

    def _read(self, file: Path) -> dict[str, Any]:
        if not file.is_file():
            return {}
        try:
            content = json.loads(file.read_bytes(), object_pairs_hook=_without_duplicates)
        except (OSError, ValueError) as error:
            self.problems.append(f"{file}: {_cause(error)}")
            return {}
        if not isinstance(content, dict):
            self.problems.append(f"{file}: must hold a JSON object")
            return {}
        return content


def read_layers(*, environment: str, base: Path, external: Path | None, environ: Mapping[str, str]) -> Layers:
    """Read every layer that exists; what cannot be read is a problem in the answer, not an exception."""
    layers = Layers()
    folders = [(base, "")] if external is None else [(base, ""), (external, f" in {external}")]
    for folder, where in folders:
        for name in ("default.json", f"{environment}.json"):
            layers.put_file(folder / name, origin=f"{name}{where}")
    for folder, _ in folders:
        layers.put_variables(folder / VARIABLES_FILE, environ)
    return layers


def _leaves(tree: Mapping[str, Any], *, stop: str | None = None) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield every value that is not a non-empty object, with its path; ``stop`` marks objects that count as values."""
    for key, value in tree.items():
        if isinstance(value, dict) and value and stop not in value:
            yield from (((key, *path), leaf) for path, leaf in _leaves(value, stop=stop))
        else:
            yield (key,), value


def _without_duplicates(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    content: dict[str, Any] = {}
    for key, value in pairs:
        if key in content:
            raise ValueError(f"the key {key} appears twice in one object")
        content[key] = value
    return content


def _cause(error: OSError | ValueError) -> str:
    """Say what is wrong without quoting the file, which may hold secrets."""
    if isinstance(error, json.JSONDecodeError):
        return f"is not valid JSON ({error.msg}, line {error.lineno})"
    return f"cannot be read ({error.strerror if isinstance(error, OSError) else error})"
