"""The description of the interface, made by a process of its own.

It takes seconds of a processor and fifty megabytes that are never given back: more than a process that serves has to
spare for somebody who looks at the documentation.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Final

_COMMAND: Final = ("-m", "kro.cli", "openapi")


async def described_elsewhere() -> bytes:
    """Return what ``kro openapi`` prints.

    :raises RuntimeError: it failed, and wrote why to our own error output.
    """
    process = await asyncio.create_subprocess_exec(sys.executable, *_COMMAND, stdout=asyncio.subprocess.PIPE)
    try:
        document, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise RuntimeError(f"describing the interface ended with exit code {process.returncode}")
    return document
