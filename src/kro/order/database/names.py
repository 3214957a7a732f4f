"""How a party is shown to the other one."""

from __future__ import annotations


def shown_name(users: str, is_asked: str) -> str:
    """Return the SQL for a person's name out of ``users``, or their masked number while they are only asked.

    Until somebody accepts, who proposed to their number learns nothing from it, whether there is an account or not.
    """
    masked = f"coalesce(left({users}.phone, 7) || ' ***' || right({users}.phone, 4), 'Nobody any more')"
    name = f"{users}.first_name || ' ' || {users}.last_name"
    return f"CASE WHEN o.accepted_hash IS NULL AND {is_asked} THEN {masked} ELSE {name} END"
