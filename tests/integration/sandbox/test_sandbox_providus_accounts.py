"""Accounts at the bank: lent, lent again, reserved and blacklisted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx2
import pytest

if TYPE_CHECKING:
    from tests.integration.sandbox.conftest import Bank, Control, Receiver


class TestAccounts:
    async def test_a_number_is_lent_to_somebody_else_once_its_time_is_over(
        self, client: httpx2.AsyncClient, bank: Bank, receiver: Receiver
    ) -> None:
        first, other = await bank.lend("order1"), await bank.lend("order2")
        await client.post(f"/_sim/providus/accounts/{first}/expire")

        again = await bank.lend("order3")
        await bank.pay(again)

        assert first != other
        assert again == first
        assert (await receiver.wait_for(1))[0].body["initiationTranRef"] == "order3"

    @pytest.mark.parametrize("is_told", [False, True])
    async def test_late_money_arrives_and_is_told_only_if_the_options_say_so(
        self, client: httpx2.AsyncClient, bank: Bank, receiver: Receiver, control: Control, *, is_told: bool
    ) -> None:
        await control.options(providus_late_notices=is_told)
        number = await bank.lend()
        await client.post(f"/_sim/providus/accounts/{number}/expire")

        paid = await bank.pay(number)

        assert (await bank.verify(paid["settlement_id"]))["transactionAmount"] == 1000.5
        assert len(await control.deliveries()) == int(is_told)

    async def test_a_second_payment_to_an_account_for_one_is_not_told(self, bank: Bank, control: Control) -> None:
        number = await bank.lend()
        await bank.pay(number)
        await bank.pay(number)

        assert len(await control.deliveries()) == 1

    async def test_a_reserved_one_takes_many(self, bank: Bank, control: Control) -> None:
        number = await bank.reserve()
        await bank.pay(number)
        await bank.pay(number)

        assert len(await control.deliveries()) == 2

    async def test_a_blacklisted_one_takes_money_and_keeps_it_to_itself(self, bank: Bank, control: Control) -> None:
        number = await bank.reserve()
        black = [
            await bank.call("PiPBlacklistAccount", {"account_number": number, "blacklist_flg": flag})
            for flag in (1, 1, 0, 1)
        ]

        paid = await bank.pay(number)
        await bank.call("PiP_RepushTransaction_SettlementId", paid)

        assert [answer["responseCode"] for answer in black] == ["00", "02", "00", "00"]
        assert (await bank.verify(paid["settlement_id"]))["settlementId"] == paid["settlement_id"]
        assert await control.deliveries() == []

    async def test_only_reserved_ones_are_renamed(self, bank: Bank) -> None:
        body = {"account_name": "other"}

        reserved = await bank.call("PiPUpdateAccountName", {"account_number": await bank.reserve(), **body})
        dynamic = await bank.call("PiPUpdateAccountName", {"account_number": await bank.lend(), **body})

        assert (reserved["responseCode"], dynamic["responseCode"]) == ("00", "03")

    async def test_a_used_reference_is_refused_only_if_the_options_say_so(self, bank: Bank, control: Control) -> None:
        body = {"account_name": "lemuel", "payment_ref": "order1"}
        codes = []
        for is_once in (False, False, True):
            await control.options(providus_reference_once=is_once)
            codes.append((await bank.call("PiPCreateDynamicAccountNumber", body))["responseCode"])

        assert codes == ["00", "00", "03"]


@pytest.mark.parametrize(
    "body", [{}, {"amount": 0}, {"amount": "5"}, {"amount": True}, {"amount": 5, "other": 1}], ids=str
)
async def test_a_payment_that_is_none_is_refused(client: httpx2.AsyncClient, bank: Bank, body: dict[str, Any]) -> None:
    number = await bank.reserve()

    assert (await client.post(f"/_sim/providus/accounts/{number}/pay", json=body)).status_code == 422
    assert (await client.post("/_sim/providus/accounts/1/pay", json={"amount": 5})).status_code == 404
