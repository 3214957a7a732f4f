from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from kro.core.actor import Actor
from kro.core.clock import Clock
from kro.core.decisions import DecisionRunner, Loaded, Once, Outcome, Reply
from kro.core.encryption import BlindIndex, FieldCipher
from kro.core.ids import IdSource
from kro.core.rate_limit import Limit, RateLimiter
from kro.management.database.bank_accounts import BankAccountStore
from kro.management.database.records import BankAccount
from kro.management.domain.banks import Banks
from kro.management.domain.decide_bank_account import Addition, VerifiedAccount, decide_bank_account, is_addable
from kro.management.domain.errors import AccountNotResolvedError, BankAccountNotFoundError
from kro.management.domain.name_match import match_names
from kro.management.domain.records import record
from kro.payment.domain import AccountResolver, Bank, NameMatch, ResolvedAccount, bank_account_context
from kro.verification.domain import StepUp, StepUpAction, StepUpClaim, StepUpTask

_RESOLVES: Final = Limit("account_resolve", quota=20, window_seconds=3_600)
_INDEXED: Final = "bank_accounts.account_number"


@dataclass(frozen=True, slots=True)
class AccountNumber:
    bank_code: str
    number: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ResolvedName:
    """The name a bank keeps for an account, and how it compares with the user's."""

    account_name: str = field(repr=False)
    name_match: NameMatch


class BankAccounts:
    """Where a user's money may be paid out to: accounts the bank itself put a name to."""

    def __init__(
        self,
        store: BankAccountStore,
        *,
        runner: DecisionRunner,
        resolver: AccountResolver,
        banks: Banks,
        limiter: RateLimiter,
        cipher: FieldCipher,
        index: BlindIndex,
        currency: str,
        cooling: timedelta,
        step_up: StepUp,
        clock: Clock,
        ids: IdSource,
    ) -> None:
        self._store = store
        self._runner = runner
        self._resolver = resolver
        self._banks = banks
        self._limiter = limiter
        self._cipher = cipher
        self._index = index
        self._currency = currency
        self._cooling = cooling
        self._step_up = step_up
        self._clock = clock
        self._ids = ids

    async def banks(self, *, currency: str) -> tuple[Bank, ...]:
        """Return the banks that can be paid to; see :meth:`Banks.list`."""
        return await self._banks.list(currency=currency)

    async def resolve(self, account: AccountNumber, *, actor: Actor) -> ResolvedName:
        """Return whose account it is, as its bank says, and how that compares with the actor's name.

        :raises RateLimitedError: after 20 accounts in an hour.
        :raises AccountNotResolvedError: when the bank does not know the number.
        :raises ProviderUnavailableError: when it could not be asked.
        """
        await self._limiter.hit((_RESOLVES, str(actor.id)))
        await self._banks.name_of(account.bank_code, currency=self._currency)
        found = await self._resolver.resolve(account_number=account.number, bank_code=account.bank_code)
        if not isinstance(found, ResolvedAccount):
            raise AccountNotResolvedError
        first_name, last_name = await self._store.names(actor.id)
        match = match_names(found.account_name, first_name=first_name, last_name=last_name)
        return ResolvedName(found.account_name, match)

    async def add(
        self,
        account: AccountNumber,
        *,
        claim: StepUpClaim | None = None,
        actor: Actor,
        once: Once,
        render: Callable[[BankAccount], Reply],
    ) -> Reply:
        """Add an account of the user, once the bank has confirmed it. Money may go there after the cooling time.

        It takes a fresh proof whatever it is: whoever has stolen a session would add their own account first.

        :raises UnknownBankError: when there is no such bank.
        :raises AccountNotResolvedError: when the bank does not know the number.
        :raises BankAccountExistsError: when the user has it already.
        :raises TooManyBankAccountsError: when the user has ten.
        :raises StepUpRequiredError: when no proof came; and what a wrong one raises.
        """
        proving = self._step_up.proving(actor=actor, claim=claim)
        task = StepUpTask(StepUpAction.ADD_BANK_ACCOUNT, f"{account.bank_code}:{account.number}")
        await self._limiter.hit((_RESOLVES, str(actor.id)))
        number_index = self._index.of(account.number, context=_INDEXED)

        async def load() -> Loaded[Addition]:
            loaded = await self._store.load(
                actor=actor, once=once, bank_code=account.bank_code, number_index=number_index
            )
            wanted = loaded.answer is None and is_addable(loaded.state)
            verified = await self._verify(account, number_index) if wanted else None
            if verified is not None:
                await proving.look(lambda gate: gate.demand(task))
            return Loaded(Addition(loaded.state, verified), answer=loaded.answer)

        def decide(addition: Addition) -> Outcome[BankAccount]:
            outcome = decide_bank_account(
                addition, actor=actor, cooling=self._cooling, ids=self._ids, now=self._clock.now()
            )
            return Outcome(outcome.decision + proving.gate.demand(task), outcome.value)

        return await self._runner.run(load=load, decide=decide, render=render, once=once)

    async def list(self, actor: Actor) -> Sequence[BankAccount]:
        return await self._store.list_live(actor.id)

    async def remove(self, bank_account_id: UUID, *, actor: Actor) -> None:
        """Remove an account; payouts already on their way there are not touched.

        :raises BankAccountNotFoundError: when it is not the actor's or already removed.
        """
        audit = record("bank_account.removed", actor=actor, target=("bank_account", bank_account_id), ids=self._ids)
        if not await self._store.remove(bank_account_id, user_id=actor.id, record=audit):
            raise BankAccountNotFoundError

    async def _verify(self, account: AccountNumber, number_index: str) -> VerifiedAccount | None:
        bank_name = await self._banks.name_of(account.bank_code, currency=self._currency)
        found = await self._resolver.resolve(account_number=account.number, bank_code=account.bank_code)
        if not isinstance(found, ResolvedAccount):
            return None
        bank_account_id = self._ids.new()
        return VerifiedAccount(
            id=bank_account_id,
            bank_code=account.bank_code,
            bank_name=bank_name,
            number_sealed=self._cipher.seal(account.number, context=bank_account_context(bank_account_id)),
            number_index=number_index,
            last4=account.number[-4:],
            account_name=found.account_name,
            currency=self._currency,
        )


class ImportingAccounts:
    """Seals bank accounts that were confirmed elsewhere.

    Their names were not compared by us, so payouts there need a person to look until the user adds the account anew.
    """

    def __init__(self, *, cipher: FieldCipher, index: BlindIndex, cooling: timedelta) -> None:
        self._cipher, self._index, self._cooling = cipher, index, cooling

    def account(
        self,
        *,
        id: UUID,  # noqa: A002 - the row's own field
        user_id: UUID,
        bank: tuple[str, str],
        number: str,
        account_name: str,
        currency: str,
        at: datetime,
    ) -> BankAccount:
        """Return the row of an account, its number sealed; ``bank`` is code and name."""
        return BankAccount(
            id=id,
            user_id=user_id,
            bank_code=bank[0],
            bank_name=bank[1],
            account_number_sealed=self._cipher.seal(number, context=bank_account_context(id)),
            account_number_index=self._index.of(number, context=_INDEXED),
            account_number_last4=number[-4:],
            account_name=account_name,
            currency=currency,
            usable_from=at + self._cooling,
            created_at=at,
            name_match=NameMatch.MISMATCH,
        )
