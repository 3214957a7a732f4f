"""Change one figure of an otherwise honest message, wherever the vendor puts it."""

import copy

from kro_sandbox.core.faults import Fault, FaultKind
from kro_sandbox.core.wire import JSONObject


def tampered(payload: JSONObject, fault: Fault) -> JSONObject:
    """Return a copy of a vendor's message with a wrong amount, currency or reference."""
    changed = copy.deepcopy(payload)
    data = changed.get("data", changed)
    for item in data if isinstance(data, list) else [data]:
        if isinstance(item, dict):
            _change(item, fault)
    return changed


def _change(data: JSONObject, fault: Fault) -> None:
    match fault.kind:
        case FaultKind.WRONG_AMOUNT if "amount" in data:
            wrong = fault.whole("amount", int(data["amount"]) + 1)
            # Refund webhooks carry the amount as a string; the type must survive.
            data["amount"] = str(wrong) if isinstance(data["amount"], str) else wrong
        case FaultKind.WRONG_CURRENCY if "currency" in data:
            data["currency"] = fault.text("currency", "GHS" if data["currency"] != "GHS" else "NGN")
        case FaultKind.WRONG_REFERENCE:
            for name in ("reference", "transaction_reference"):
                if name in data:
                    data[name] = fault.text("reference", f"other-{data[name]}")
        case _:
            pass
