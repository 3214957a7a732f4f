"""Lends users accounts for good, at the providers that have such."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from uuid import UUID

from kro.core.actor import Actor
from kro.core.clock import Clock
from kro.core.decisions import DecisionRunner, Once, Reply
from kro.core.ids import IdSource
from kro.core.outbox import Envelope, RetryLater
from kro.payment.database.lent_accounts import LentAccountRepository
from kro.payment.database.provider_records import AccountHolderState, AccountStatus, LentAccount
from kro.payment.domain.board import ProviderBoard
from kro.payment.domain.context import Context
from kro.payment.domain.decide_lending import decide_lent, decide_request
from kro.payment.domain.rules import CollectionRules
from kro.payment.providers import FailedDefinitively, NotSent, ProviderDirectory, UnsupportedAmountError
from kro.payment.providers.virtual_accounts import AccountHolder, VirtualAccountResult


class AccountLending:
    def __init__(
        self,
        *,
        runner: DecisionRunner,
        accounts: LentAccountRepository,
        providers: ProviderDirectory,
        board: ProviderBoard,
        rules: CollectionRules,
        clock: Clock,
        ids: IdSource,
    ) -> None:
        self._runner = runner
        self._accounts = accounts
        self._providers = providers
        self._board = board
        self._rules = rules
        self._clock = clock
        self._ids = ids

    async def list(self, *, actor: Actor) -> Sequence[LentAccount]:
        """Return the actor's accounts, newest first."""
        found = await self._accounts.of_user(actor)
        found.standing.ensure_active()
        return found.lent

    async def request(
        self,
        *,
        currency: str,
        provider: str | None,
        actor: Actor,
        once: Once,
        render: Callable[[LentAccount], Reply],
    ) -> Reply:
        """Have an account lent to the actor; its number follows in a moment.

        :raises AccountLentError: when there is one already, or about to be.
        :raises ProviderNotOfferedError: when the wished provider lends none.
        :raises NoProviderError: when no provider does.
        """
        board = await self._board.current()
        context = Context(actor=actor, now=self._clock.now(), ids=self._ids)
        return await self._runner.run(
            load=lambda: self._accounts.for_request(actor=actor, currency=currency, once=once),
            decide=lambda request: decide_request(
                request, currency=currency, wish=provider, board=board, context=context
            ),
            render=render,
            once=once,
        )

    async def handle(self, envelope: Envelope) -> None:
        """Handle ``account.lend``.

        :raises RetryLater: while the provider was not reached.
        """
        account_id = UUID(envelope.payload["account_id"])
        state = await self._accounts.for_lending(account_id)
        if state is None or state.account.status is not AccountStatus.REQUESTED:
            return
        answer = await self._ask(state)
        if isinstance(answer, NotSent):
            raise RetryLater("provider_not_reached", after_seconds=answer.retry_after_seconds)
        await self._runner.carry_out(
            load=lambda: self._load(account_id),
            decide=lambda account: decide_lent(account, answer, context=Context.of_system(self._clock, self._ids)),
        )

    async def _ask(self, state: AccountHolderState) -> VirtualAccountResult:
        account = state.account
        holder = AccountHolder(
            first_name=state.first_name,
            last_name=state.last_name,
            # Never the user's own address: it is not proven to be theirs, and vendors know their customers by it.
            email=f"{account.user_id}@{self._rules.payer_email_domain}",
            phone=state.phone,
        )
        try:
            return await self._providers[account.provider].permanent_accounts.issue_permanent(
                reference=account.reference, currency=account.currency, holder=holder
            )
        except UnsupportedAmountError as error:
            return FailedDefinitively(error.code)

    async def _load(self, account_id: UUID) -> LentAccount:
        state = await self._accounts.for_lending(account_id)
        if state is None:
            raise LookupError(account_id)
        return state.account
