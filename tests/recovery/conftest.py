from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from servers import Site, site


@pytest.fixture
def place() -> Iterator[Site]:
    """Where the servers of one installation live; pytest's own folders are closed to the account they run as."""
    folder = Path(tempfile.mkdtemp(prefix="kro-servers-"))
    folder.chmod(0o755)
    with site(folder) as made:
        yield made
    shutil.rmtree(folder, ignore_errors=True)
