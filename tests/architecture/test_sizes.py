"""Files and functions stay small enough to be read at once."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

MAX_FILE = 400
MAX_FUNCTION = 70
AIM_FILE = 250
AIM_FUNCTION = 40


def test_no_file_is_too_long(sources: tuple[Path, ...]) -> None:
    lengths = [(str(path), path.read_text().count("\n")) for path in sources]

    assert beyond(MAX_FILE, lengths, aim=AIM_FILE) == []


def test_no_function_is_too_long(sources: tuple[Path, ...]) -> None:
    lengths = [found for path in sources for found in functions(path)]

    assert beyond(MAX_FUNCTION, lengths, aim=AIM_FUNCTION) == []


def functions(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{path}:{node.lineno} {node.name}", (node.end_lineno or node.lineno) - node.lineno + 1


def beyond(limit: int, lengths: list[tuple[str, int]], *, aim: int) -> list[str]:
    # What grows is listed before it fails: `pytest -rP tests/architecture/test_sizes.py`.
    long = [f"{where}: {length}" for where, length in lengths if length > aim]
    print(f"longer than {aim} lines: {len(long)}", *long, sep="\n  ")  # noqa: T201 - the listing is the point
    return [f"{where}: {length}" for where, length in lengths if length > limit]
