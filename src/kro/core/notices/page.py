"""The matrix as a page for people."""

from __future__ import annotations

from itertools import groupby
from typing import Final

from kro.core.notices.matrix import DIRECT, RULES, Rule
from kro.core.notices.words import Channel, Group

_HEAD: Final = """\
# Who is told of what

Made by `make docs` from the matrix in `src/kro/core/notices/matrix.py`; do not edit.

Every notice is a message of the outbox, written with the change it tells of. The worker puts it into the reader's inbox
(`GET /v1/me/notifications`) and sends one message for each other channel. A locked group is about security or money, or
about a deadline after which money moves: nobody can switch it off, and it comes at any hour. For the other groups a
person chooses channels (`PUT /v1/me/notification-preferences`); the inbox always has them.
"""
_DIRECT: Final = """\
## Codes and links

They are no notices: each goes once, to one address, sealed until then, and is kept nowhere.

| template | by |
|---|---|
"""


def notices_page() -> str:
    """Return the page, one table for each group."""
    parts = [_HEAD, *(_table(group, rules) for group, rules in _by_group().items())]
    rows = "".join(f"| `{template}` | {_channels(channels)} |\n" for template, channels in DIRECT.items())
    return "\n".join((*parts, _DIRECT + rows))


def _by_group() -> dict[Group, list[Rule]]:
    ordered = sorted(RULES, key=lambda rule: list(Group).index(rule.group))
    return {group: list(rules) for group, rules in groupby(ordered, key=lambda rule: rule.group)}


def _table(group: Group, rules: list[Rule]) -> str:
    locked = " (locked)" if group.is_locked else ""
    lines = [f"## {group.capitalize()}{locked}", "", "| template | reader | weight | by |", "|---|---|---|---|"]
    lines += [f"| `{rule.template}` | {rule.reader} | {rule.weight} | {_channels(rule.channels)} |" for rule in rules]
    return "\n".join(lines) + "\n"


def _channels(channels: tuple[Channel, ...]) -> str:
    return ", ".join(channel.replace("_", "-") for channel in channels)
