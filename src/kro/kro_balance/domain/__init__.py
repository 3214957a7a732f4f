"""The door of KRO Balance: postings, fees, quotes and balances."""

from kro.kro_balance.database.balances import BalanceReads
from kro.kro_balance.database.invariants import LEDGER_INVARIANTS
from kro.kro_balance.database.quotes import QuoteRepository
from kro.kro_balance.database.records import BalanceView, EntryView, FeeBand
from kro.kro_balance.database.seeding import seed_fee_configuration
from kro.kro_balance.domain.fees import (
    AmountTooSmallError,
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
    "LEDGER_INVARIANTS",
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
    "QuoteRepository",
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
    "seed_fee_configuration",
]
