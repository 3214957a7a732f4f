"""Change one figure of an otherwise honest message, wherever the vendor puts it."""

import copy
from decimal import Decimal

from kro_sandbox.core.faults import Fault, FaultKind
from kro_sandbox.core.wire import JSONObject

_AMOUNTS = frozenset(
    {"amount", "amountReceived", "sourceAmount", "transactionAmount", "settledAmount", "availableBalance"}
)
_CURRENCIES = frozenset({"currency", "sourceCurrency", "destinationCurrency"})
_REFERENCES = frozenset(
    {"reference", "transaction_reference", "merchantReference", "customerReference"}
    | {"transactionReference", "initiationTranRef", "settlementId"}
)


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
        case FaultKind.WRONG_AMOUNT:
            for name in _AMOUNTS & data.keys():
                wrong = fault.whole("amount", int(Decimal(str(data[name]))) + 1)
                # Some amounts are strings or have decimals; the type must survive.
                data[name] = type(data[name])(wrong)
        case FaultKind.WRONG_CURRENCY:
            for name in _CURRENCIES & data.keys():
                data[name] = fault.text("currency", "GHS" if data[name] != "GHS" else "NGN")
        case FaultKind.WRONG_REFERENCE:
            for name in _REFERENCES & data.keys():
                data[name] = fault.text("reference", f"other-{data[name]}")
        case _:
            pass
