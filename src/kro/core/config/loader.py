"""From files and environment variables to frozen settings, or one error that lists everything wrong."""

from __future__ import annotations

import difflib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from kro.core.config.errors import ConfigError
from kro.core.config.guard import refusals
from kro.core.config.layers import Layers, read_layers
from kro.core.config.platform import Environment
from kro.core.config.settings import Settings
from kro.core.config.shape import Leaf, leaves, siblings

_MASK = "********"


@dataclass(frozen=True, slots=True)
class ConfigEntry:
    """One effective value: its key path, the value as it may be shown, and the layer it came from."""

    path: str
    shown: str
    origin: str


@dataclass(frozen=True, slots=True)
class ConfigReport:
    """What ``kro config check`` prints. ``problems`` is empty when the process could start."""

    environment: str
    entries: tuple[ConfigEntry, ...]
    problems: tuple[str, ...]

    @property
    def is_usable(self) -> bool:
        return not self.problems

    def render(self) -> str:
        """Return the report as aligned text, every secret masked."""
        width = max((len(entry.path) for entry in self.entries), default=0)
        lines = [f"environment: {self.environment}"]
        lines += [f"{entry.path:<{width}}  {entry.shown}  ({entry.origin})" for entry in self.entries]
        lines += [f"PROBLEM {problem}" for problem in self.problems] or ["No problems."]
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class _Outcome:
    environment: str
    settings: Settings | None
    problems: Sequence[str]
    layers: Layers | None = None

    def report(self) -> ConfigReport:
        entries = () if self.layers is None else _entries(self.layers.tree, self.layers.origins)
        return ConfigReport(self.environment, entries, tuple(self.problems))


def load_settings(
    *,
    environment: str | None = None,
    directory: Path | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Settings:
    """Return the settings of this process.

    ``environment`` defaults to ``KRO_ENV``, then ``NODE_ENV``, then ``local``; ``directory`` is the external folder of
    configuration files and defaults to ``KRO_CONFIG_DIR``, then ``NODE_CONFIG_DIR``, then none.

    :raises ConfigError: with every problem at once, each by the path of its key.
    """
    outcome = _load(environment=environment, directory=directory, environ=environ)
    if outcome.settings is None or outcome.problems:
        raise ConfigError(outcome.environment, tuple(outcome.problems))
    return outcome.settings


def check_config(
    *,
    environment: str | None = None,
    directory: Path | None = None,
    environ: Mapping[str, str] = os.environ,
) -> ConfigReport:
    """Describe the effective configuration, masked, with the origin of each value and everything wrong with it."""
    return _load(environment=environment, directory=directory, environ=environ).report()


def shown_settings(settings: Settings) -> Sequence[tuple[str, str]]:
    """Return what a running process is configured with, by key path, every secret masked."""
    tree = settings.model_dump(mode="json", by_alias=True)
    return tuple((".".join(leaf.path), _shown(leaf)) for leaf in leaves(tree))


def _load(*, environment: str | None, directory: Path | None, environ: Mapping[str, str]) -> _Outcome:
    name = environment or environ.get("KRO_ENV") or environ.get("NODE_ENV") or Environment.LOCAL.value
    given = environ.get("KRO_CONFIG_DIR") or environ.get("NODE_CONFIG_DIR")
    external = directory or (Path(given) if given else None)
    problems = [*_environment_problems(name), *_directory_problems(external, name)]
    if problems:
        return _Outcome(name, None, problems)
    layers = read_layers(environment=name, base=base_directory(), external=external, environ=environ)
    layers.put(("app", "env"), name, origin="environment name")
    settings, invalid = _validate(layers.tree)
    refused = [_line(path, reason) for path, reason in refusals(layers.tree, environment=Environment(name))]
    problems = [*layers.problems, *sorted({*invalid, *refused})]
    return _Outcome(name, settings, problems, layers)


def base_directory() -> Path:
    """Find the configuration files that ship with the code.

    They lie inside the package when a wheel carries them, at the root of a checkout, or in the working directory of a
    container that installs the package and copies the folder.
    """
    package = Path(__file__).resolve().parents[2]
    candidates = (package / "config", package.parents[1] / "config", Path.cwd() / "config")
    for folder in candidates:
        if (folder / "default.json").is_file():
            return folder
    raise ConfigError("default", tuple(f"{folder / 'default.json'}: not found" for folder in candidates))


def _environment_problems(name: str) -> list[str]:
    names = [environment.value for environment in Environment]
    return [] if name in names else [f"KRO_ENV: there is no environment named {name!r}; use one of {', '.join(names)}"]


def _directory_problems(external: Path | None, name: str) -> list[str]:
    if external is None:
        return []
    wanted = ("default.json", f"{name}.json", "custom-environment-variables.json")
    if any((external / file).is_file() for file in wanted):
        return []
    return [f"KRO_CONFIG_DIR: {external} holds none of {', '.join(wanted)}"]


def _validate(tree: Mapping[str, Any]) -> tuple[Settings | None, list[str]]:
    try:
        return Settings.model_validate_json(json.dumps(tree), strict=True, by_alias=True, by_name=False), []
    except ValidationError as error:
        return None, [_problem(detail) for detail in error.errors(include_input=False, include_url=False)]


def _problem(detail: ErrorDetails) -> str:
    path = tuple(str(part) for part in detail["loc"])
    match detail["type"]:
        case "missing":
            return _line(path, "is missing")
        case "extra_forbidden":
            return _line(path, f"is not a known key{_suggestion(path)}")
        case _:
            message = detail["msg"].removeprefix("Value error, ")
            return _line(path, message[0].lower() + message[1:])


def _suggestion(path: tuple[str, ...]) -> str:
    """Offer the sibling that was probably meant."""
    close = difflib.get_close_matches(path[-1], siblings(path), n=1)
    return f"; did you mean {close[0]}?" if close else ""


def _line(path: tuple[str, ...], reason: str) -> str:
    return f"{'.'.join(path) or 'configuration'}: {reason}"


def _entries(tree: Mapping[str, Any], origins: Mapping[tuple[str, ...], str]) -> tuple[ConfigEntry, ...]:
    return tuple(
        ConfigEntry(
            path=".".join(leaf.path),
            shown=_shown(leaf),
            origin=_origin(leaf.path, origins),
        )
        for leaf in leaves(tree)
    )


def _shown(leaf: Leaf) -> str:
    return _MASK if leaf.secret or not leaf.known else json.dumps(leaf.value)


def _origin(path: tuple[str, ...], origins: Mapping[tuple[str, ...], str]) -> str:
    """Find the layer of a leaf, which may lie inside a list that came as one value."""
    return next((origins[path[:end]] for end in range(len(path), 0, -1) if path[:end] in origins), "built in")
