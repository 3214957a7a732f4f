"""The door of KRO Balance: postings, fees, quotes and balances."""

from kro.kro_balance.domain.balances import BalanceReads, BalanceView, EntryView
from kro.kro_balance.domain.fees import (
    AmountTooSmallError,
    FeeBand,
    Fees,
    NoFeeConfiguredError,
    choose_band,
    price,
)
from kro.kro_balance.domain.postings import (
    External,
    PayoutReserve,
    Posting,
    Release,
    full_release,
    order_funded,
    payout_refused,
    payout_requested,
    payout_returned,
    payout_settled,
    provider_fee,
    receipt,
    refund_to_wallet,
)
from kro.kro_balance.domain.quotes import Quote, QuoteRequest, QuoteService, QuoteTerms

__all__ = [
    "AmountTooSmallError",
    "BalanceReads",
    "BalanceView",
    "EntryView",
    "External",
    "FeeBand",
    "Fees",
    "NoFeeConfiguredError",
    "PayoutReserve",
    "Posting",
    "Quote",
    "QuoteRequest",
    "QuoteService",
    "QuoteTerms",
    "Release",
    "choose_band",
    "full_release",
    "order_funded",
    "payout_refused",
    "payout_requested",
    "payout_returned",
    "payout_settled",
    "price",
    "provider_fee",
    "receipt",
    "refund_to_wallet",
]
