from __future__ import annotations

from fastapi import Depends


async def public() -> None:
    """Mark a route as open to everybody, so that a forgotten guard is told from a wanted absence."""


Public = Depends(public)
"""For ``dependencies=[Public]``."""
