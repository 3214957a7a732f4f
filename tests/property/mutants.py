"""Ways to break the program's books, one at a time: whoever watches them has to see each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

import pytest
from tests.property.stage import Stage

from kro.core.decisions import Journal
from kro.kro_balance.domain import Release, full_release, receipt, refund_to_wallet
from kro.payment.domain import decide_collection, decide_transfer
from kro.payment.providers import FailedDefinitively, Unknown

Mutant = Callable[[Stage, pytest.MonkeyPatch], None]


def _sql(statement: str) -> Mutant:
    return lambda stage, _: stage.as_owner(statement)


def _drop_the_vat(_: Stage, patch: pytest.MonkeyPatch) -> None:
    def skewed(posting: Any, *, release: Release) -> Journal:
        return full_release(posting, release=replace(release, seller=release.seller + release.vat, vat=0))

    patch.setattr("kro.order.domain.settling.full_release", skewed)


def _credit_twice(_: Stage, patch: pytest.MonkeyPatch) -> None:
    def doubled(posting: Any, **parts: Any) -> Journal:
        return receipt(posting, **{**parts, "amount": replace(parts["amount"], amount=2 * parts["amount"].amount)})

    patch.setattr(decide_collection, "receipt", doubled)


def _keep_a_kobo(_: Stage, patch: pytest.MonkeyPatch) -> None:
    def skewed(posting: Any, **parts: Any) -> Journal:
        less = replace(parts["amount"], amount=parts["amount"].amount - 1)
        return refund_to_wallet(posting, **{**parts, "amount": less, "fee": parts.get("fee", 0) + 1})

    patch.setattr("kro.order.domain.settling.refund_to_wallet", skewed)


def _take_silence_for_a_refusal(_: Stage, patch: pytest.MonkeyPatch) -> None:
    decide = decide_transfer.decide_transfer

    def hasty(payout: Any, answer: Any, **rest: Any) -> Any:
        return decide(payout, FailedDefinitively("timeout") if isinstance(answer, Unknown) else answer, **rest)

    patch.setattr("kro.payment.domain.submission.decide_transfer", hasty)


MUTANTS: Final[dict[str, Mutant]] = {
    "the release drops the VAT": _drop_the_vat,
    "a receipt is credited twice": _credit_twice,
    "a refund keeps a kobo": _keep_a_kobo,
    "silence is taken for a refusal": _take_silence_for_a_refusal,
    "balances may fall below zero": _sql("ALTER TABLE kro_balance DROP CONSTRAINT ck_kro_balance_not_negative"),
    "an event may be booked twice": _sql(
        "ALTER TABLE ledger_journals DROP CONSTRAINT uq_ledger_journals_source,"
        " DROP CONSTRAINT uq_ledger_journals_external"
    ),
    "keys are forgotten": _sql(
        "CREATE OR REPLACE FUNCTION store_answer(answer jsonb) RETURNS void LANGUAGE sql AS 'SELECT'"
    ),
    "histories are not written": _sql("ALTER TABLE ledger_entries DISABLE TRIGGER lines"),
    "roll-ups are off by one": _sql(
        "CREATE FUNCTION skew() RETURNS trigger LANGUAGE plpgsql AS "
        "'BEGIN NEW.total := NEW.total + 1; RETURN NEW; END';"
        "CREATE TRIGGER skewed BEFORE INSERT ON ledger_rollups FOR EACH ROW EXECUTE FUNCTION skew()"
    ),
    "the past is the present": _sql(
        "CREATE OR REPLACE FUNCTION balance_at(wanted uuid, moment timestamptz) RETURNS bigint LANGUAGE sql STABLE AS "
        "'SELECT balance FROM ledger_balances WHERE id = wanted'"
    ),
}
