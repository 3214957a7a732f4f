"""Fincra's JSON shapes, member by member as documented: charges say `success`, all else `successful`."""

from kro_sandbox.core.clock import iso
from kro_sandbox.core.wire import JSONObject
from kro_sandbox.fincra.money import naira
from kro_sandbox.fincra.state import Account, Charge, Collection, OneTimeAccount, Payout

BANK_NAME, BANK_CODE = "Wema Bank", "035"


def charge_body(charge: Charge) -> JSONObject:
    """Write a direct charge as `POST /checkout/charges` and its verification do."""
    body: JSONObject = {
        "id": charge.id,
        "authorization": {"mode": None, "redirect": None},
        "auth_model": None,
        "amount": naira(charge.amount),
        "currency": charge.currency,
        "fee": naira(charge.fee),
        "vat": naira(charge.vat),
        "message": charge.message,
        "status": charge.status,
        "reference": charge.reference,
        "description": "checkout",
        "type": charge.type,
        "customer": charge.customer,
        "metadata": charge.metadata,
        "settlementDestination": "wallet",
    }
    if charge.received is not None:
        body |= _received(charge)
    if charge.account is not None:
        body["virtualAccount"] = _lent(charge.account, charge)
    return body


def payment_body(charge: Charge) -> JSONObject:
    """Write a hosted payment: Fincra's own code is the reference, the merchant's stands beside it."""
    return charge_body(charge) | {"reference": charge.code, "merchantReference": charge.reference}


def charge_event(charge: Charge) -> JSONObject:
    body = charge_body(charge) | _received(charge)
    return body | {
        "chargeReference": f"fcr-{'bt' if charge.type == 'bank_transfer' else 'p'}-{charge.id:x}",
        "amountToSettle": naira((charge.received or 0) - charge.fee),
        "authorization": {"mode": None, "redirect": None, "metadata": None},
        "actionRequired": None,
        "settlementTime": "instant",
    }


def account_body(account: Account, *, business: str) -> JSONObject:
    at = iso(account.created_at)
    return {
        "_id": account.id,
        "status": "approved",
        "isActive": True,
        "accountNumber": account.number,
        "merchantReference": account.merchant_reference,
        "accountInformation": {
            "accountNumber": account.number,
            "accountName": account.name,
            "bankName": BANK_NAME,
            "reference": account.id,
        },
        "isPermanent": True,
        "expiresAt": None,
        "virtualAccountType": "additional",
        "business": business,
        "currency": "NGN",
        "accountType": "individual",
        "entityType": "virtual-account",
        "createdAt": at,
        "updatedAt": at,
    }


def collection_body(item: Collection, *, business: str) -> JSONObject:
    at = iso(item.created_at)
    body: JSONObject = {
        "business": business,
        "virtualAccount": item.account.id,
        "sourceCurrency": "NGN",
        "destinationCurrency": "NGN",
        "sourceAmount": naira(item.amount),
        "destinationAmount": naira(item.amount),
        "amountReceived": naira(item.amount - item.fee),
        "fee": naira(item.fee),
        "customerName": item.payer_name,
        "settlementDestination": "wallet",
        "status": item.status,
        "initiatedAt": at,
        "createdAt": at,
        "updatedAt": at,
        "reference": item.reference,
        "sessionId": f"000017{item.created_at:%y%m%d%H%M%S}",
        "senderAccountName": item.payer_name,
        "senderAccountNumber": item.payer_account,
        "senderBankName": "Access Bank",
        "recipientAccountName": item.account.name,
        "recipientAccountNumber": item.account.number,
        "recipientBankName": BANK_NAME,
        "description": "Transfer",
        "metadata": {},
    }
    return body | ({"reason": "Declined", "paymentSchemme": None} if item.status == "failed" else {})


def payout_created_body(payout: Payout) -> JSONObject:
    return {
        "id": payout.id,
        "reference": payout.reference,
        "customerReference": payout.customer_reference,
        "status": payout.status,
        "documentsRequired": [],
    }


def payout_body(payout: Payout) -> JSONObject:
    return {
        "id": payout.id,
        "amountSent": naira(payout.amount),
        "amountReceived": naira(payout.amount),
        "sourceCurrency": "NGN",
        "destinationCurrency": "NGN",
        "fee": naira(payout.fee),
        "quoteId": None,
        "status": payout.status,
        "reference": payout.reference,
        "customerReference": payout.customer_reference,
        "description": payout.description,
        "paymentDestination": "bank_account",
        "paymentScheme": None,
        "additionalInfo": None,
        "traceId": payout.trace_id,
        "message": payout.reason,
        "isDocumentRequired": False,
        "isDocumentUploaded": False,
        "documentsRequired": [],
        "valuedAt": iso(payout.updated_at) if payout.status == "successful" else None,
        "createdAt": iso(payout.created_at),
        "updatedAt": iso(payout.updated_at),
        "recipient": payout.beneficiary,
    }


def payout_event(payout: Payout) -> JSONObject:
    beneficiary = payout.beneficiary
    return {
        "id": payout.id,
        "amountCharged": naira(payout.amount + payout.fee),
        "amountReceived": naira(payout.amount),
        "recipient": {
            "name": beneficiary["accountHolderName"],
            "accountNumber": beneficiary["accountNumber"],
            "type": beneficiary["type"],
            "email": beneficiary.get("email"),
        },
        "fee": naira(payout.fee),
        "rate": 1,
        "paymentScheme": None,
        "paymentDestination": "bank_account",
        "sourceCurrency": "NGN",
        "destinationCurrency": "NGN",
        "status": payout.status,
        "createdAt": iso(payout.created_at),
        "updatedAt": iso(payout.updated_at),
        "reference": payout.reference,
        "customerReference": payout.customer_reference,
        "reason": payout.reason,
        "traceId": payout.trace_id,
        "valuedAt": iso(payout.updated_at) if payout.status == "successful" else None,
    }


def wallet_body(*, business: str, balance: int, at: str) -> JSONObject:
    return {
        "id": 1001,
        "_id": business[::-1],
        "business": business,
        "businessId": business,
        "ledgerBalance": naira(balance),
        "availableBalance": naira(balance),
        "lockedBalance": 0,
        "rollingReserveBalance": 0,
        "walletNumber": "0078901234",
        "currency": "NGN",
        "status": "enabled",
        "overdraftEnabled": False,
        "overdraftLimit": 0,
        "createdAt": at,
        "updatedAt": at,
    }


def _received(charge: Charge) -> JSONObject:
    received = charge.received or 0
    # The words for a variance are not published.
    variance = None if received == charge.amount else "under" if received < charge.amount else "over"
    return {"amountExpected": naira(charge.amount), "amountReceived": naira(received), "varianceType": variance}


def _lent(account: OneTimeAccount, charge: Charge) -> JSONObject:
    body: JSONObject = {
        "id": account.id,
        "accountNumber": account.number,
        "accountName": "KRO Sandbox",
        "bankCode": account.bank_code,
        "bankName": account.bank_name,
        "expiresAt": iso(account.expires_at),
    }
    if not charge.is_paid:
        return body
    return body | {
        "sessionId": f"000023{charge.id}",
        "channelName": account.bank_name,
        "payerAccountNumber": "1228939338",
        "payerAccountName": "TEST PAYER",
        "payerBankName": "Access Bank",
        "payerBankCode": "044",
    }
