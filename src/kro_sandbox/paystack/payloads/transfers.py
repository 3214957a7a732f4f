from kro_sandbox.core.clock import iso
from kro_sandbox.core.wire import JSONObject
from kro_sandbox.paystack.state import INTEGRATION, Recipient, Transfer, TransferStatus


def recipient_body(recipient: Recipient, *, named: bool = True) -> JSONObject:
    moment = iso(recipient.created_at)
    return {
        "active": True,
        "createdAt": moment,
        "currency": recipient.currency,
        "description": recipient.description,
        "domain": "test",
        "email": None,
        "id": recipient.id,
        "integration": INTEGRATION,
        "metadata": recipient.metadata,
        "name": recipient.name,
        "recipient_code": recipient.code,
        "type": "nuban",
        "updatedAt": moment,
        "is_deleted": False,
        "details": {
            "authorization_code": None,
            "account_number": recipient.account_number,
            "account_name": recipient.account_name if named else None,
            "bank_code": recipient.bank_code,
            "bank_name": recipient.bank_name,
        },
    }


def transfer_created_body(transfer: Transfer) -> JSONObject:
    """Write the `data` of `POST /transfer`, where the recipient is a number and neither fee nor session appear."""
    return {
        "transfersessionid": [],
        "transfertrials": [],
        "domain": "test",
        "amount": transfer.amount,
        "currency": transfer.currency,
        "reference": transfer.reference,
        "source": "balance",
        "source_details": None,
        "reason": transfer.reason,
        "status": transfer.status,
        "failures": None,
        "transfer_code": transfer.code,
        "titan_code": None,
        "transferred_at": None,
        "id": transfer.id,
        "integration": INTEGRATION,
        "request": transfer.request,
        "recipient": transfer.recipient.id,
        "createdAt": iso(transfer.created_at),
        "updatedAt": iso(transfer.updated_at),
    }


def _transfer_shared(transfer: Transfer) -> JSONObject:
    return {
        "amount": transfer.amount,
        "currency": transfer.currency,
        "domain": "test",
        "failures": None,
        "id": transfer.id,
        "reason": transfer.reason,
        "reference": transfer.reference,
        "source": "balance",
        "source_details": None,
        "status": transfer.status,
        "titan_code": None,
        "transfer_code": transfer.code,
        "transferred_at": None,
        "recipient": recipient_body(transfer.recipient, named=False),
        "session": _session(transfer),
    }


def _session(transfer: Transfer) -> JSONObject:
    return {"provider": None if transfer.session_id is None else "nip", "id": transfer.session_id}


def transfer_body(transfer: Transfer) -> JSONObject:
    """Write the `data` of verify and fetch."""
    return _transfer_shared(transfer) | {
        "integration": INTEGRATION,
        "request": transfer.request,
        "createdAt": iso(transfer.created_at),
        "updatedAt": iso(transfer.updated_at),
        "fee_charged": transfer.fee,
        "fees_breakdown": None,
        "gateway_response": transfer.gateway_response,
    }


def transfer_event(transfer: Transfer) -> JSONObject:
    """Write the `data` of `transfer.*`."""
    data = _transfer_shared(transfer) | {
        "integration": {
            "id": INTEGRATION,
            "is_live": True,
            "business_name": "KRO Sandbox",
            "logo_path": "https://example/logo.png",
        },
    }
    if transfer.status is not TransferStatus.SUCCESS:
        return data | {"created_at": iso(transfer.created_at), "updated_at": iso(transfer.updated_at)}
    return data | {
        "createdAt": iso(transfer.created_at),
        "updatedAt": iso(transfer.updated_at),
        "fee_charged": transfer.fee,
        "gateway_response": transfer.gateway_response,
    }
