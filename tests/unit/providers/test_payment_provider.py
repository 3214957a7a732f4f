import pytest

from kro.payment.providers import Capability, MissingCapabilityError, PaymentProvider
from kro.payment.providers.fake import FakePaystack


class TestPaymentProvider:
    def test_offers_what_it_was_given(self) -> None:
        whole = FakePaystack().provider

        part = PaymentProvider(name="part", banks=whole.banks, accounts=whole.accounts)

        assert part.capabilities == {Capability.BANKS, Capability.ACCOUNTS}
        assert part.banks is whole.banks

    def test_what_a_vendor_lacks_is_refused_where_it_is_wired(self) -> None:
        part = PaymentProvider(name="part")

        with pytest.raises(MissingCapabilityError, match="part does not offer refund_sender"):
            _ = part.refund_sender

    def test_every_capability_can_be_asked_for(self) -> None:
        part = PaymentProvider(name="part")

        for capability in Capability:
            with pytest.raises(MissingCapabilityError):
                getattr(part, capability)

    def test_paystack_offers_all_that_the_program_uses_today(self) -> None:
        lacking = set(Capability) - FakePaystack().provider.capabilities

        assert lacking == {Capability.ONE_TIME_ACCOUNTS, Capability.BALANCES}
