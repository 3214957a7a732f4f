from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kro.core.config import base_directory, load_settings
from kro.core.config.shape import leaves

CONFIG = Path(__file__).parents[3] / "config"


def read(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((CONFIG / f"{name}.json").read_text())
    return content


def mapped(tree: dict[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    for key, value in tree.items():
        if isinstance(value, str):
            yield (*path, key), value
        elif "__name" in value:
            yield (*path, key), value["__name"]
        else:
            yield from mapped(value, (*path, key))


def test_the_checkouts_folder_is_the_base() -> None:
    assert base_directory() == CONFIG


@pytest.mark.parametrize("name", ["local", "dev", "test"])
def test_development_environments_need_nothing_from_outside(name: str) -> None:
    settings = load_settings(environment=name, environ={})

    assert settings.sandbox.enabled
    assert settings.paystack.base_url == "http://127.0.0.1:4000/paystack"


@pytest.mark.parametrize("name", ["default", "stage", "preprod", "production"])
def test_files_for_real_environments_hold_no_secret(name: str) -> None:
    held = [leaf.path for leaf in leaves(read(name)) if leaf.secret and leaf.value]

    assert held == []


@pytest.mark.parametrize("name", ["default", "local", "dev", "test", "stage", "preprod", "production"])
def test_every_key_in_the_files_is_a_known_one(name: str) -> None:
    assert [leaf.path for leaf in leaves(read(name)) if not leaf.known and leaf.value] == []


def test_every_variable_leads_to_a_known_key() -> None:
    variables = dict(mapped(read("custom-environment-variables")))
    tree: dict[str, Any] = {}
    for path in variables:
        node = tree
        for key in path[:-1]:
            node = node.setdefault(key, {})
        node[path[-1]] = "x"

    assert [leaf.path for leaf in leaves(tree) if not leaf.known] == []
    assert len(set(variables.values())) == len(variables)
    assert all(name.startswith("KRO_") for name in variables.values())


def test_every_secret_a_process_needs_can_come_from_a_variable() -> None:
    reachable = {path for path, _ in mapped(read("custom-environment-variables"))}
    needed = {leaf.path for leaf in leaves(read("dev")) if leaf.secret}

    missing = {path for path in needed if not any(path[: len(prefix)] == prefix for prefix in reachable)}

    assert missing == set()
