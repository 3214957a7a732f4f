"""Every movement of money, one function per business event. Nothing else makes ledger entries.

A debit is positive, a credit negative, and every journal sums to zero in each currency. Each event happens once per
source: the database refuses a second journal of one kind for the same source or the same external reference.
"""

from kro.kro_balance.domain.postings.chargebacks import (
    Debt,
    Shares,
    chargeback_fee,
    chargeback_opened,
    chargeback_won,
    receivable_repaid,
    receivable_written_off,
)
from kro.kro_balance.domain.postings.corrections import AlreadyReversedError, NotReversibleError, reversal
from kro.kro_balance.domain.postings.house import (
    goodwill,
    manual_adjustment,
    provider_settled,
    reserve_freed,
    reserve_held,
)
from kro.kro_balance.domain.postings.journals import External, Posting, Source
from kro.kro_balance.domain.postings.opening import (
    OPENING_BALANCE,
    opening_account,
    opening_balance,
    opening_escrow,
    opening_transferred,
)
from kro.kro_balance.domain.postings.orders import (
    Release,
    Split,
    fee_given_back,
    full_release,
    order_amended,
    order_funded,
    partial_release,
    refund_to_wallet,
    split_settlement,
)
from kro.kro_balance.domain.postings.payouts import (
    PayoutReserve,
    payout_duty_borne,
    payout_refused,
    payout_requested,
    payout_returned,
    payout_settled,
)
from kro.kro_balance.domain.postings.receipts import (
    provider_fee,
    receipt,
    suspense_resolved,
    suspense_returned,
    unmatched_receipt,
)
from kro.kro_balance.domain.postings.refunds import (
    balance_refund_requested,
    refund_after_release,
    refund_confirmed,
    refund_failed,
    refund_to_source_requested,
)

__all__ = [
    "OPENING_BALANCE",
    "AlreadyReversedError",
    "Debt",
    "External",
    "NotReversibleError",
    "PayoutReserve",
    "Posting",
    "Release",
    "Shares",
    "Source",
    "Split",
    "balance_refund_requested",
    "chargeback_fee",
    "chargeback_opened",
    "chargeback_won",
    "fee_given_back",
    "full_release",
    "goodwill",
    "manual_adjustment",
    "opening_account",
    "opening_balance",
    "opening_escrow",
    "opening_transferred",
    "order_amended",
    "order_funded",
    "partial_release",
    "payout_duty_borne",
    "payout_refused",
    "payout_requested",
    "payout_returned",
    "payout_settled",
    "provider_fee",
    "provider_settled",
    "receipt",
    "receivable_repaid",
    "receivable_written_off",
    "refund_after_release",
    "refund_confirmed",
    "refund_failed",
    "refund_to_source_requested",
    "refund_to_wallet",
    "reserve_freed",
    "reserve_held",
    "reversal",
    "split_settlement",
    "suspense_resolved",
    "suspense_returned",
    "unmatched_receipt",
]
