from __future__ import annotations

from typing import Annotated, cast

from fastapi import Depends, Request

from kro.verification.domain import Verification


async def get_verification(request: Request) -> Verification:
    return cast("Verification", request.app.state.verification)


VerificationDep = Annotated[Verification, Depends(get_verification)]
