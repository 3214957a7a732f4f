"""Whether a session has the time limits that are configured.

A pooler either refuses what a client wants to set at its start or drops it without a word, so behind one the limits
have to belong to the role; a process that would run without them does not start.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from kro.core.database.pool import Database

_ASK: Final = """
SELECT name, setting::bigint AS milliseconds FROM pg_settings WHERE name = ANY($1::text[])
UNION ALL SELECT 'standby', 1 WHERE pg_is_in_recovery()"""


async def session_faults(database: Database) -> list[str]:
    """Return what is wrong with the sessions a pool opens, each as a part of one sentence."""
    wanted = database.options.limits
    found = {row["name"]: row["milliseconds"] for row in await database.rows(_ASK, list(wanted))}
    faults = ["it is a standby, which takes no writes"] if found.pop("standby", None) else []
    for name, milliseconds in wanted.items():
        if found[name] != milliseconds:
            mend = f"ALTER ROLE kro_app SET {name} = '{milliseconds}ms'"
            faults.append(f"{name} is {found[name]} ms, not {milliseconds} ms ({mend})")
    return faults
