"""What the platform does with its own books: settlements, gifts, corrections, risks, debts and contested payments."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from tests.property.books import (
    ADJUSTMENT,
    BANK,
    CHARGEBACK_FEES,
    CLEARING,
    GOODWILL,
    PROVIDER_FEES,
    WRITE_OFF,
    Account,
    available,
    escrow,
    owed,
    reserve,
)
from tests.property.incoming import AMOUNTS, PEOPLE, PICK
from tests.property.play import Contest, Deal, naira
from tests.property.returning import Returning

from kro.core.decisions import Journal, Update
from kro.kro_balance.domain import (
    Debt,
    LedgerReads,
    Shares,
    chargeback_fee,
    chargeback_opened,
    chargeback_won,
    goodwill,
    manual_adjustment,
    provider_fee,
    provider_settled,
    receivable_repaid,
    receivable_written_off,
    refund_after_release,
    reserve_freed,
    reserve_held,
    reversal,
)

SHORT = "insufficient_funds"


class House(Returning):
    @rule(who=PEOPLE, amount=AMOUNTS, pick=PICK, kind=st.integers(0, 6))
    def the_house_books_something(self, who: int, amount: int, pick: int, kind: int) -> None:
        if kind == 0:
            self._the_provider_settles(amount, pick * 10)
        elif kind == 1:
            self._the_provider_charges_later(1 + amount % 5_000)
        elif kind == 2:
            self._somebody_is_consoled(who, 1 + amount % 100_000)
        elif kind == 3:
            self._somebody_is_corrected_by_hand(who, amount, "debit" if pick % 2 else "credit")
        elif kind == 4:
            if pick % 4 and self.has(who):
                amount = min(amount, self.has(who))
            self._a_risk_is_held_back_or_freed(who, amount, freed=pick % 4 == 0)
            if self.books[reserve(self.user(who).id)]:
                self._a_risk_is_held_back_or_freed(who, (amount + 1) // 2, freed=True)
        elif kind == 5:
            self.twice(self.stage.roll_up)
        elif self.correctable:
            self._a_journal_is_reversed(pick)

    @rule(who=PEOPLE, amount=AMOUNTS, pick=PICK, kind=st.integers(0, 3))
    def a_payment_is_taken_back(self, who: int, amount: int, pick: int, kind: int) -> None:
        if kind == 0:
            self._a_contest_costs_a_fee(who, 1 + amount % 20_000, by_user=bool(pick % 2))
        elif kind == 1 and self.contests:
            self._a_contest_is_won(pick)
        else:
            self._a_payment_is_contested(who, amount, from_order=bool(pick % 3))

    @precondition(lambda self: any(code == "user_receivable" for code, *_ in self.books.held))
    @rule(pick=PICK, tenths=st.integers(1, 11), given_up=st.booleans())
    def somebody_owes_less(self, pick: int, tenths: int, given_up: bool) -> None:
        debtors = [place for place in range(3) if self.books[owed(self.user(place).id)]]
        self._a_debt_ends(debtors[pick % len(debtors)], tenths, given_up)

    @precondition(lambda self: any(deal.status == "closed" for deal in self.deals))
    @rule(pick=PICK, amount=AMOUNTS)
    def a_seller_has_to_pay_back(self, pick: int, amount: int) -> None:
        self._a_released_order_is_refunded(pick, amount)

    def _the_provider_settles(self, amount: int, fees: int) -> None:
        external = self.external()
        journal = provider_settled(
            self.stage.head(),
            settlement_id=self._new(),
            bank_account="operating",
            net=naira(amount),
            fees=fees,
            external=external,
        )
        self._correctable(journal, {BANK: amount, PROVIDER_FEES: fees, CLEARING: -(amount + fees)})

    def _the_provider_charges_later(self, amount: int) -> None:
        journal = provider_fee(
            self.stage.head(), source=("notice", self._new()), amount=naira(amount), external=self.external()
        )
        self._correctable(journal, {PROVIDER_FEES: amount, CLEARING: -amount})

    def _somebody_is_consoled(self, who: int, amount: int) -> None:
        user = self.user(who).id
        journal = goodwill(self.stage.head(), source=("proposal", self._new()), user_id=user, amount=naira(amount))
        self._correctable(journal, {GOODWILL: amount, available(user): amount})

    def _somebody_is_corrected_by_hand(self, who: int, amount: int, direction: Literal["credit", "debit"]) -> None:
        user, sign = self.user(who).id, 1 if direction == "credit" else -1
        journal = manual_adjustment(
            self.stage.head(),
            adjustment_id=self._new(),
            user_id=user,
            amount=naira(amount),
            direction=direction,
            reason="correction",
        )
        changes = {ADJUSTMENT: sign * amount, available(user): sign * amount}
        self._correctable(journal, changes, refused=SHORT if self.has(who) + sign * amount < 0 else None)

    def _a_journal_is_reversed(self, pick: int) -> None:
        place = pick % len(self.correctable)
        journal_id, changes = self.correctable[place]
        wrong = self.run(LedgerReads(self.world.database).journal(journal_id))
        back = {account: -amount for account, amount in changes.items()}
        short = any(a[0] == "user_available" and self.books[a] + amount < 0 for a, amount in back.items())
        if self.post(reversal(self.stage.head(), wrong=wrong), changes=back, refused=SHORT if short else None):
            self.correctable.pop(place)

    def _a_risk_is_held_back_or_freed(self, who: int, amount: int, freed: bool) -> None:
        user = self.user(who).id
        if freed and self.books[reserve(user)]:
            amount = min(amount, self.books[reserve(user)])
        posting = reserve_freed if freed else reserve_held
        source, target = (reserve(user), available(user)) if freed else (available(user), reserve(user))
        self.post(
            posting(self.stage.head(), hold_id=self._new(), user_id=user, amount=naira(amount)),
            changes={source: -amount, target: amount},
            refused=SHORT if self.books[source] < amount else None,
        )

    def _a_payment_is_contested(self, who: int, amount: int, from_order: bool) -> None:
        deal = next((deal for deal in self.deals if from_order and _spare(deal) > 0), None)
        from_escrow = min(amount, _spare(deal)) if deal else 0
        from_user = amount - from_escrow
        shares = self._shares(who, deal, from_escrow, from_user, at_once=min(from_user, self.has(who)))
        contest = Contest(self._new(), who, deal, from_escrow, from_user)
        changes = {account: -part for account, part in _borne(shares).items()}
        self.post(
            chargeback_opened(self.stage.head(), chargeback_id=contest.id, shares=shares, external=self.external()),
            *self._order_loses(deal, from_escrow),
            changes={**changes, owed(self.user(who).id): _owed(shares), CLEARING: -amount},
        )
        self.contests.append(contest)

    def _a_contest_is_won(self, pick: int) -> None:
        """An order that has ended takes nothing back: its share goes to the balance."""
        contest = self.contests.pop(pick % len(self.contests))
        deal = contest.deal if contest.deal is not None and contest.deal.is_open else None
        from_escrow = contest.from_escrow if deal else 0
        from_user = contest.from_escrow + contest.from_user - from_escrow
        still_owed = min(self.books[owed(self.user(contest.user).id)], from_user)
        shares = self._shares(contest.user, deal, from_escrow, from_user, at_once=from_user - still_owed)
        self.post(
            chargeback_won(self.stage.head(), chargeback_id=contest.id, shares=shares, external=self.external()),
            *self._order_loses(deal, -from_escrow),
            changes={
                **_borne(shares),
                owed(self.user(contest.user).id): -still_owed,
                CLEARING: from_escrow + from_user,
            },
        )

    def _a_contest_costs_a_fee(self, who: int, amount: int, by_user: bool) -> None:
        user = self.user(who).id
        self.post(
            chargeback_fee(
                self.stage.head(),
                chargeback_id=self._new(),
                amount=naira(amount),
                external=self.external(),
                user_id=user if by_user else None,
            ),
            changes={CLEARING: -amount, **({available(user): -amount} if by_user else {CHARGEBACK_FEES: amount})},
            refused=SHORT if by_user and self.has(who) < amount else None,
        )

    def _a_debt_ends(self, who: int, tenths: int, given_up: bool) -> None:
        user = self.user(who).id
        debt = self.books[owed(user)]
        amount = naira(max(debt * tenths // 10, 1))
        # More than is owed is refused as "decide again": somebody else has repaid it meanwhile.
        refused = "taken" if amount.amount > debt else None
        if given_up:
            journal = receivable_written_off(self.stage.head(), write_off_id=self._new(), user_id=user, amount=amount)
            changes = {WRITE_OFF: amount.amount, owed(user): -amount.amount}
        else:
            journal = receivable_repaid(self.stage.head(), source=("income", self._new()), user_id=user, amount=amount)
            changes = {available(user): -amount.amount, owed(user): -amount.amount}
            if refused is None and self.has(who) < amount.amount:
                refused = SHORT
            elif refused and self.has(who) < amount.amount:
                return
        self.post(journal, changes=changes, refused=refused)

    def _a_released_order_is_refunded(self, pick: int, amount: int) -> None:
        deals = [deal for deal in self.deals if deal.status == "closed"]
        deal = deals[pick % len(deals)]
        buyer, seller = self.user(deal.buyer).id, self.user(deal.seller).id
        paid = min(self.has(deal.seller), amount)
        self.post(
            refund_after_release(
                self.stage.head(),
                refund_id=self._new(),
                seller_id=seller,
                buyer_id=buyer,
                amount=naira(amount),
                from_available=paid,
            ),
            changes={available(seller): -paid, owed(seller): amount - paid, available(buyer): amount},
        )

    def _correctable(self, journal: Journal, changes: dict[Account, int], *, refused: str | None = None) -> None:
        if self.post(journal, changes=changes, refused=refused):
            self.correctable.append((journal.id, changes))

    def _shares(self, who: int, deal: Deal | None, from_escrow: int, from_user: int, *, at_once: int) -> Shares:
        debt = Debt(self.user(who).id, "NGN", at_once, from_user - at_once)
        return Shares(deal.id if deal else None, "NGN", from_escrow, (debt,))

    def _order_loses(self, deal: Deal | None, amount: int) -> tuple[Update, ...]:
        if deal is None:
            return ()
        deal.refunded += amount
        return (self._update(deal, refunded_amount=deal.refunded),)

    def _new(self) -> UUID:
        return self.world.ids.new()


def _spare(deal: Deal) -> int:
    """Return what may be taken of an order without ending it."""
    return deal.held - deal.fee - deal.vat - 1 if deal.is_open else 0


def _borne(shares: Shares) -> dict[Account, int]:
    (debt,) = shares.debts
    changes = {available(debt.user_id): debt.from_available}
    if shares.order_id is not None:
        changes[escrow(shares.order_id)] = shares.from_escrow
    return changes


def _owed(shares: Shares) -> int:
    return shares.debts[0].owed


class MoneyMachine(House):
    """Every business event there is, in any order."""
