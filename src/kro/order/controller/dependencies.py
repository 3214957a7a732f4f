from __future__ import annotations

from typing import Annotated, cast

from fastapi import Depends, Request

from kro.core.clock import Clock
from kro.core.guards import CurrentUser
from kro.core.http import CursorSigner, IdempotencyKey
from kro.core.ids import read_id
from kro.order.domain import (
    EvidenceService,
    Invites,
    IssueReads,
    IssueService,
    OrderLists,
    OrderReads,
    OrderRepository,
    OrderService,
    TermsReads,
    TermsService,
)
from kro.order.domain.party_commands import Ask


async def _orders(request: Request) -> OrderService:
    return cast("OrderService", request.app.state.orders)


async def _repository(request: Request) -> OrderRepository:
    return cast("OrderRepository", request.app.state.order_repository)


async def _reads(request: Request) -> OrderReads:
    return cast("OrderReads", request.app.state.order_reads)


async def _lists(request: Request) -> OrderLists:
    return cast("OrderLists", request.app.state.order_lists)


async def _evidence(request: Request) -> EvidenceService:
    return cast("EvidenceService", request.app.state.evidence)


async def _issues(request: Request) -> IssueService:
    return cast("IssueService", request.app.state.issues)


async def _issue_reads(request: Request) -> IssueReads:
    return cast("IssueReads", request.app.state.issue_reads)


async def _terms(request: Request) -> TermsService:
    return cast("TermsService", request.app.state.terms)


async def _terms_reads(request: Request) -> TermsReads:
    return cast("TermsReads", request.app.state.terms_reads)


async def _invites(request: Request) -> Invites:
    return cast("Invites", request.app.state.invites)


async def _clock(request: Request) -> Clock:
    return cast("Clock", request.app.state.clock)


async def _cursors(request: Request) -> CursorSigner:
    return cast("CursorSigner", request.app.state.cursors)


async def _ask(order_id: str, user: CurrentUser, key: IdempotencyKey) -> Ask:
    return Ask(order_id=read_id("ord", order_id), actor=user, once=key.by(user.id))


OrdersDep = Annotated[OrderService, Depends(_orders)]
OrderRepositoryDep = Annotated[OrderRepository, Depends(_repository)]
OrderReadsDep = Annotated[OrderReads, Depends(_reads)]
OrderListsDep = Annotated[OrderLists, Depends(_lists)]
EvidenceDep = Annotated[EvidenceService, Depends(_evidence)]
IssuesDep = Annotated[IssueService, Depends(_issues)]
IssueReadsDep = Annotated[IssueReads, Depends(_issue_reads)]
TermsDep = Annotated[TermsService, Depends(_terms)]
TermsReadsDep = Annotated[TermsReads, Depends(_terms_reads)]
InvitesDep = Annotated[Invites, Depends(_invites)]
ClockDep = Annotated[Clock, Depends(_clock)]
CursorsDep = Annotated[CursorSigner, Depends(_cursors)]
AskDep = Annotated[Ask, Depends(_ask)]
"""A party's command on one order: who, which order, under which idempotency key."""
