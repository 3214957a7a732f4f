from __future__ import annotations

from typing import Annotated, cast

from fastapi import Depends, Request

from kro.core.http import CursorSigner
from kro.payment.domain import PaymentReads, PayoutReads, PayoutService, WebhookIntake


async def _payments(request: Request) -> PaymentReads:
    return cast("PaymentReads", request.app.state.payments)


async def _payout_reads(request: Request) -> PayoutReads:
    return cast("PayoutReads", request.app.state.payout_reads)


async def _payouts(request: Request) -> PayoutService:
    return cast("PayoutService", request.app.state.payouts)


async def _webhooks(request: Request) -> WebhookIntake:
    return cast("WebhookIntake", request.app.state.webhooks)


async def _cursors(request: Request) -> CursorSigner:
    return cast("CursorSigner", request.app.state.cursors)


PaymentsDep = Annotated[PaymentReads, Depends(_payments)]
PayoutReadsDep = Annotated[PayoutReads, Depends(_payout_reads)]
PayoutsDep = Annotated[PayoutService, Depends(_payouts)]
WebhooksDep = Annotated[WebhookIntake, Depends(_webhooks)]
CursorsDep = Annotated[CursorSigner, Depends(_cursors)]
