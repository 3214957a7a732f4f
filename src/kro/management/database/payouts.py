"""What a payout request depends on, in one query: the door between bank accounts, the balance and payouts."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from kro.core.actor import Actor, Standing
from kro.core.auth.standing import STORED_ANSWER, USER_STANDING, read_answer, read_standing
from kro.core.database.pool import Database
from kro.core.decisions import Loaded, Once
from kro.kro_balance.domain import TaxRule, read_tax_rules
from kro.payment.domain import PAYOUT_DAY, NameMatch, PayoutAccount, PayoutDay, PayoutFunds, read_payout_day

_LOAD: Final = f"""
SELECT {USER_STANDING}, {STORED_ANSWER}, {PAYOUT_DAY}, available_balance($1, $5) AS available,
       debt_of($1, $5) AS owed, dated_taxes($5) AS taxes,
       b.id, b.bank_code, b.bank_name, b.account_number_sealed, b.account_number_last4, b.account_name, b.currency,
       b.usable_from, b.name_match, owner.first_name, owner.last_name,
       owner.credentials_changed_at
FROM (SELECT 1) AS one
LEFT JOIN users AS owner ON owner.id = $1
LEFT JOIN bank_accounts AS b ON b.id = $7 AND b.user_id = $1 AND b.removed_at IS NULL"""  # noqa: S608 - built from constants only


@dataclass(frozen=True, slots=True)
class PayoutBasis:
    """``account`` carries how its name was compared when it was added; the owner's name may have changed since."""

    standing: Standing
    account: PayoutAccount | None
    funds: PayoutFunds
    day: PayoutDay
    taxes: tuple[TaxRule, ...]
    first_name: str = field(repr=False)
    last_name: str = field(repr=False)
    credentials_changed_at: datetime | None


class PayoutBasisStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(
        self, *, actor: Actor, once: Once, bank_account_id: UUID, currency: str, day_start: datetime, now: datetime
    ) -> Loaded[PayoutBasis]:
        """Load the actor's standing, money and day, the taxes, and the bank account if it is theirs."""
        row = await self._database.row(
            _LOAD, actor.id, actor.session_id, once.key, day_start, currency, now, bank_account_id
        )
        assert row is not None  # noqa: S101 - the row of constants is always there
        account = None
        if row["id"] is not None:
            account = PayoutAccount(
                bank_account_id=row["id"],
                bank_code=row["bank_code"],
                bank_name=row["bank_name"],
                account_number_sealed=row["account_number_sealed"],
                account_number_last4=row["account_number_last4"],
                account_name=row["account_name"],
                currency=row["currency"],
                usable_from=row["usable_from"],
                name_match=NameMatch(row["name_match"]),
            )
        basis = PayoutBasis(
            standing=read_standing(row),
            account=account,
            funds=PayoutFunds(available_minor=row["available"], owed_minor=row["owed"]),
            day=read_payout_day(dict(row), start=day_start),
            taxes=read_tax_rules(row["taxes"]),
            first_name=row["first_name"] or "",
            last_name=row["last_name"] or "",
            credentials_changed_at=row["credentials_changed_at"],
        )
        return Loaded(basis, read_answer(row))
