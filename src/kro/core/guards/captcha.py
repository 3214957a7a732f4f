"""How routes reach the captcha: deny before anything is counted, sent or hashed."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import Depends, Request
from pydantic import Field

from kro.core.captcha import CaptchaGate

CaptchaToken = Annotated[
    str,
    Field(
        max_length=4_096,
        description="The token of a solved captcha, where the service asks for one; it works once.",
        examples=["03AFcWeA…"],
    ),
]


async def _captcha(request: Request) -> CaptchaGate:
    return cast("CaptchaGate", request.app.state.captcha)


CaptchaDep = Annotated[CaptchaGate, Depends(_captcha)]
