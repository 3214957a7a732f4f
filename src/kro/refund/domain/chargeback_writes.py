"""The writes that decisions about a contested payment share."""

from __future__ import annotations

from typing import Any

from kro.core.decisions import Update
from kro.payment.domain import Context
from kro.refund.database.chargeback_records import Chargeback, ChargebackState


def payment_as_loaded(state: ChargebackState, context: Context) -> Update:
    """Return the write that all who decide on what a payment brought have in common.

    These are its disputes and the refunds of it that are about to leave: whoever comes second decides again.
    """
    return Update("transactions", state.payment.id, state.payment.version, {"updated_at": context.now})


def change(chargeback: Chargeback, context: Context, **columns: Any) -> Update:  # noqa: ANN401 - the columns of chargebacks
    """Return the write that changes columns of a chargeback."""
    return Update("chargebacks", chargeback.id, chargeback.version, {**columns, "updated_at": context.now})
