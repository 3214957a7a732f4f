"""Lending an account as routes and worker do."""

from __future__ import annotations

from tests.integration.payment.world import PaymentWorld, once_of

from kro.core.actor import Actor
from kro.core.decisions import Reply
from kro.core.outbox import Envelope
from kro.payment.domain import AccountStatus, LentAccount


async def ask(world: PaymentWorld, user: Actor, provider: str | None = None, *, currency: str = "NGN") -> LentAccount:
    """Ask for an account; nothing has been lent yet."""
    asked: list[LentAccount] = []

    def render(account: LentAccount) -> Reply:
        asked.append(account)
        return Reply(status=202, body=b"{}")

    await world.lending.request(
        currency=currency,
        provider=provider,
        actor=user,
        once=once_of(user, str(world.ids.new())),
        render=render,
    )
    return asked[-1]


async def carry_out(world: PaymentWorld, account: LentAccount) -> LentAccount:
    """Let the worker ask the provider; return the account as it stands then."""
    envelope = Envelope(
        id=world.ids.new(),
        topic="account.lend",
        payload={"account_id": str(account.id)},
        attempts=1,
        created_at=world.clock.now(),
    )
    await world.lending.handle(envelope)
    state = await world.lending._accounts.for_lending(account.id)
    assert state is not None
    return state.account


async def lend(world: PaymentWorld, user: Actor, provider: str) -> str:
    """Lend an account to its end and return its number."""
    account = await carry_out(world, await ask(world, user, provider))
    assert account.status is AccountStatus.ACTIVE
    assert account.account_number is not None
    return account.account_number
