"""A primary and its synchronous replica, which takes its place when it is lost."""

from __future__ import annotations

import signal
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from kro.core.database.embedded import Cluster, Role
from servers import both, new_primary, site

RESUME_SECONDS: Final = 15.0
"""How long writes may be away when the primary is lost."""

_FOLLOWED: Final = {
    True: "SELECT count(*) = 1 FROM pg_stat_replication WHERE sync_state = 'sync'",
    False: "SELECT count(*) = 1 FROM pg_stat_replication WHERE sync_state = 'async'",
}


class Pair:
    """Two servers of which one is the primary; without ``synchronous`` it does not wait for the other."""

    def __init__(self, folder: Path, *, synchronous: bool = True) -> None:
        self._open = ExitStack()
        self._site = self._open.enter_context(site(folder))
        self.primary, self.replica = self._site.server("one"), self._site.server("two")
        self._synchronous = synchronous

    def environment(self) -> dict[str, str]:
        """Return how processes reach whichever is the primary."""
        passwords = self._site.passwords
        return {
            "KRO_DATABASE_EMBEDDED": "false",
            "KRO_DATABASE_URL": both(self.primary, self.replica),
            "KRO_DATABASE_OWNER_USERNAME": Role.OWNER.value,
            "KRO_DATABASE_OWNER_PASSWORD": passwords[Role.OWNER],
            "KRO_DATABASE_APP_USERNAME": Role.APP.value,
            "KRO_DATABASE_APP_PASSWORD": passwords[Role.APP],
        }

    def start(self) -> Cluster:
        new_primary(self._site, self.primary)
        self.attach()
        return self.primary.cluster

    def stop(self) -> None:
        for server in (self.replica, self.primary):
            if server.running is not None:
                server.kill()
        self._open.close()

    def attach(self) -> None:
        """Have the other one follow the primary, and the primary wait for it with every commit."""
        self.replica.follow(self.primary)
        if self._synchronous:
            self.primary.ask("ALTER SYSTEM RESET synchronous_standby_names")
            self.primary.ask("SELECT pg_reload_conf()")
        self.primary.wait_for(_FOLLOWED[self._synchronous])

    def lose_primary(self, *, behind_seconds: float) -> Cluster:
        """Kill the primary without a word, after the replica has heard nothing for a while, and promote the replica."""
        self.replica.signal(signal.SIGSTOP, "walreceiver")
        time.sleep(behind_seconds)
        self.primary.kill()
        # It ends before it reads what the kernel kept for it: that was under way and is lost.
        self.replica.signal(signal.SIGTERM, "walreceiver")
        self.replica.signal(signal.SIGCONT, "walreceiver")
        self.replica.promote()
        self.primary, self.replica = self.replica, self.primary
        return self.primary.cluster
