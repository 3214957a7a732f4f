"""The bank's JSON shapes, member by member as documented."""

from kro_sandbox.core.wire import JSONObject
from kro_sandbox.providus.clock import american, plain
from kro_sandbox.providus.errors import APPROVED, message_for
from kro_sandbox.providus.money import fixed, number, short
from kro_sandbox.providus.state import Account, Inflow, Transfer, TransferState

PAYER_BANK, PAYER_BANK_CODE = "ACCESS BANK", "701"
_DONE = {"requestSuccessful": True, "responseMessage": "OPERATION SUCCESSFUL", "responseCode": "00"}


def done() -> JSONObject:
    return dict(_DONE)


def dynamic_body(account: Account) -> JSONObject:
    return {
        "account_number": account.number,
        "account_name": account.name,
        **_DONE,
        "initiationTranRef": account.payment_ref,
    }


def reserved_body(account: Account) -> JSONObject:
    return {
        "account_number": account.number,
        "account_name": account.name,
        "bvn": account.bvn,
        **_DONE,
        "responseMessage": "Reserved Account Generated Successfully",
    }


def inflow_body(inflow: Inflow | None) -> JSONObject:
    """Write the answer of the verification; what is not there has the same members, empty."""
    if inflow is None:
        return _NOT_THERE
    return _shared(inflow) | {
        "transactionAmount": number(inflow.amount),
        "settledAmount": number(inflow.settled),
        "feeAmount": number(inflow.fee),
        "vatAmount": 0.0,
        "sourceBankCode": PAYER_BANK_CODE,
        "settlementDateTime": american(inflow.at),
        "stamp_duty_flg": 0,
        "post_flg": int(inflow.is_acknowledged),
        "notification_acknowledgement": int(inflow.is_acknowledged),
    }


def notice_body(inflow: Inflow) -> JSONObject:
    return _shared(inflow) | {
        "transactionAmount": short(inflow.amount),
        "settledAmount": short(inflow.settled),
        "feeAmount": short(inflow.fee),
        "vatAmount": "0",
    }


def made_up_notice() -> JSONObject:
    """Write a notice of money that never came, with all that a receiver needs to take it seriously."""
    needed = {"sessionId": "0" * 30, "accountNumber": "9900000000", "currency": "NGN", "channelId": "1"}
    return {**dict.fromkeys(_TEXTS, ""), **dict.fromkeys(_AMOUNTS, "1"), **needed}


def sent_body(transfer: Transfer) -> JSONObject:
    """Write the answer to a transfer. One that was not successful says so where its session would stand."""
    if transfer.is_within and transfer.state is TransferState.SUCCEEDED:
        return {
            "amount": fixed(transfer.amount),
            "transactionReference": transfer.reference,
            "currency": "NGN",
            "responseMessage": "OPERATION SUCCESSFUL",
            "responseCode": "00",
        }
    has_failed = transfer.state is TransferState.FAILED
    return {
        "transactionReference": transfer.reference,
        "sessionId": "Transfer_Not_Successful" if has_failed else transfer.session_id,
        "responseMessage": message_for(transfer.code),
        "responseCode": transfer.code,
    }


def status_body(transfer: Transfer, *, debit_account: str) -> JSONObject:
    at = plain(transfer.at)
    shared = {
        "amount": fixed(transfer.amount),
        "currency": "NGN",
        "responseMessage": message_for(transfer.code),
        "responseCode": transfer.code,
    }
    if transfer.is_within:
        return shared | {
            "creditAccount": transfer.account_number,
            "debitAccount": debit_account,
            "transactionReference": transfer.reference,
            "transactionDateTime": f"{at}.0",
        }
    return shared | {
        "recipientBankCode": transfer.bank_code,
        "recipientAccountNumber": transfer.account_number,
        "transactionReference": f"{transfer.reference}|{transfer.session_id}",
        "transactionDateTime": at,
    }


def owner_body(*, name: str, number: str, bank: str) -> JSONObject:
    return {
        "bankCode": bank,
        "accountName": name,
        "transactionReference": "",
        "bvn": "",
        "responseMessage": APPROVED,
        "accountNumber": number,
        "responseCode": "00",
    }


def account_body(*, name: str, number: str, balance: int) -> JSONObject:
    return {
        "accountStatus": "ACTIVE",
        "emailAddress": "",
        "phoneNumber": "",
        "accountName": name,
        "bvn": "",
        "accountNumber": number,
        "cbaCustomerID": "1002003",
        "responseMessage": "SUCCESSFUL",
        "availableBalance": fixed(balance),
        "responseCode": "00",
    }


def _shared(inflow: Inflow) -> JSONObject:
    return {
        "sessionId": inflow.session_id,
        "accountNumber": inflow.account.number,
        "tranRemarks": f"FROM {PAYER_BANK}/ {inflow.payer_name}-NIP/",
        "currency": "NGN",
        "initiationTranRef": inflow.account.payment_ref,
        "settlementId": inflow.settlement_id,
        "sourceAccountNumber": inflow.payer_account,
        "sourceAccountName": inflow.payer_name,
        "sourceBankName": PAYER_BANK,
        "channelId": "1",
        "tranDateTime": plain(inflow.at),
    }


_TEXTS = (
    *("sessionId", "initiationTranRef", "accountNumber", "tranRemarks", "currency", "settlementId", "channelId"),
    *("sourceAccountNumber", "sourceAccountName", "sourceBankName", "tranDateTime"),
)
_AMOUNTS = ("transactionAmount", "settledAmount", "feeAmount", "vatAmount")
_NOT_THERE: JSONObject = {
    **dict.fromkeys((*_TEXTS, "sourceBankCode", "settlementDateTime"), ""),
    **dict.fromkeys(_AMOUNTS, 0.0),
    **dict.fromkeys(("stamp_duty_flg", "post_flg", "notification_acknowledgement"), 0),
    "tranRemarks": "Transaction not found!!!",
}
