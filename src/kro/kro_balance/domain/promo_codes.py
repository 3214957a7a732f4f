from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

PromoCode = Annotated[
    str,
    StringConstraints(strip_whitespace=True, to_upper=True, pattern="^[A-Za-z0-9-]{3,20}$"),
    Field(description="A promotional code; the case does not matter.", examples=["WELCOME-10"]),
]
"""How a promotional code is written in a request; the upper case is what is kept."""
