"""Paystack in memory, for tests: the same protocols and rules as the adapter, programmable faults, its own books."""

from __future__ import annotations

from kro.payment.providers.fake.accounts import FakeAccounts
from kro.payment.providers.fake.books import SECRET, FakeBooks, FakeRefund, FakeTransaction, FakeTransfer, Fault
from kro.payment.providers.fake.capabilities import FakeBanks, FakeCollections, FakeTransfers
from kro.payment.providers.fake.disputes import FakeDisputes
from kro.payment.providers.fake.history import FakeHistory
from kro.payment.providers.fake.refunds import FakeRefunds
from kro.payment.providers.paystack.units import CURRENCIES
from kro.payment.providers.paystack.webhooks import PaystackWebhooks
from kro.payment.providers.provider import Capability, PaymentProvider

__all__ = ["FakePaystack", "FakeRefund", "FakeTransaction", "FakeTransfer", "Fault"]


class FakePaystack(FakeBooks):
    """The vendor to test against: ``provider`` is handed to the program, the rest steers and inspects."""

    @property
    def provider(self) -> PaymentProvider:
        """The capabilities, as the adapter would offer them."""
        collections, transfers, banks = FakeCollections(self), FakeTransfers(self), FakeBanks(self)
        refunds, disputes, lending = FakeRefunds(self), FakeDisputes(self), FakeAccounts(self)
        return PaymentProvider(
            name="paystack",
            checkout=collections,
            collections=collections,
            banks=banks,
            accounts=banks,
            transfer_sender=transfers,
            transfer_reader=transfers,
            refund_sender=refunds,
            refund_reader=refunds,
            history=FakeHistory(self),
            disputes=disputes,
            dispute_list=disputes,
            permanent_accounts=lending,
            inflows=lending,
            webhooks=PaystackWebhooks(secrets=(SECRET,)),
            currencies=CURRENCIES,
            operations={Capability.CHECKOUT: "initialize", Capability.TRANSFER_SENDER: "transfer"},
        )
