"""What the README tells a newcomer to paste does what it says."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from stack import Stack

ROOT = Path(__file__).parents[2]


def test_the_first_escrow_by_hand_ends_with_the_money_held(stack: Stack, tmp_path: Path) -> None:
    found = re.search(r"test_readme\.py runs this block.*?```sh\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert found is not None
    addresses = {"KRO_API": stack.base_url, "KRO_SANDBOX": stack.sandbox_url}

    finished = subprocess.run(
        ["/bin/sh", "-eu", "-c", found[1]],
        env=os.environ | addresses,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )

    assert finished.returncode == 0, finished.stderr
    assert finished.stdout.splitlines() == [
        "accepted",
        "success",
        "in_progress",
        "{'amount': 15201563, 'currency': 'NGN'}",
    ]
