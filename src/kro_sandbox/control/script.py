"""Reading a scripted fault; typing errors are refused instead of silently never happening."""

from typing import Any

from kro_sandbox.core.faults import HTTP, TRANSPORT, WEBHOOK, Fault, FaultBook, FaultKind
from kro_sandbox.core.wire import JSONObject
from kro_sandbox.dojah.api import OPERATIONS as DOJAH
from kro_sandbox.fincra.api import OPERATIONS as FINCRA
from kro_sandbox.fincra.checkout import PAY_KINDS as FINCRA_PAY_KINDS
from kro_sandbox.paystack.api import OPERATIONS as PAYSTACK
from kro_sandbox.paystack.checkout import PAY_KINDS
from kro_sandbox.providus.collection_api import OPERATIONS as PROVIDUS_COLLECTIONS
from kro_sandbox.providus.transfer_api import OPERATIONS as PROVIDUS_TRANSFERS
from kro_sandbox.recaptcha.api import OPERATIONS as RECAPTCHA
from kro_sandbox.s3.api import OPERATIONS as S3
from kro_sandbox.sendgrid.api import OPERATIONS as SENDGRID
from kro_sandbox.telnyx.api import OPERATIONS as TELNYX
from kro_sandbox.termii.api import OPERATIONS as TERMII
from kro_sandbox.twilio.api import OPERATIONS as TWILIO
from kro_sandbox.whatsapp.api import OPERATIONS as WHATSAPP

VENDORS: dict[str, dict[str, frozenset[FaultKind]]] = {
    "paystack": {**PAYSTACK, "pay": PAY_KINDS, "webhook": WEBHOOK, "*": HTTP},
    "fincra": {**FINCRA, "pay": FINCRA_PAY_KINDS, "webhook": WEBHOOK, "*": HTTP},
    "providus": {**PROVIDUS_COLLECTIONS, **PROVIDUS_TRANSFERS, "webhook": WEBHOOK, "*": HTTP},
    "termii": {**TERMII, "webhook": WEBHOOK, "*": HTTP},
    "recaptcha": {**RECAPTCHA, "*": RECAPTCHA["siteverify"]},
    "twilio": {**TWILIO, "webhook": WEBHOOK, "*": HTTP},
    "telnyx": {**TELNYX, "webhook": WEBHOOK, "*": HTTP},
    "whatsapp": {**WHATSAPP, "webhook": WEBHOOK, "*": HTTP},
    "dojah": {**DOJAH, "*": HTTP},
    "sendgrid": {**SENDGRID, "*": SENDGRID["send"]},
    "s3": {**S3, "*": TRANSPORT},
}
PARAMETERS: dict[str, tuple[type, ...]] = {
    "milliseconds": (int, float),
    "seconds": (int, float),
    "bytes_per_second": (int, float),
    "status": (int,),
    "retry_after": (int,),
    "copies": (int,),
    "amount": (int,),
    "html": (bool,),
    "message": (str,),
    "currency": (str,),
    "reference": (str,),
    "code": (str,),
}


class ScriptError(Exception):
    """Raised for a fault that could never happen; the message says why."""


def add_fault(book: FaultBook, wanted: JSONObject) -> Fault:
    """Put a fault into the script.

    :raises ScriptError: when vendor, operation, kind or a parameter is not known.
    """
    wanted = dict(wanted)
    vendor, operation = str(wanted.pop("vendor", "")), str(wanted.pop("operation", ""))
    operations = VENDORS.get(vendor)
    if operations is None:
        raise ScriptError(f"vendor must be one of {', '.join(VENDORS)}")
    kinds = operations.get("webhook" if operation.startswith("webhook:") else operation)
    if kinds is None:
        raise ScriptError(f"operation of {vendor} must be one of {', '.join(operations)} or webhook:<event>")
    kind = wanted.pop("kind", None)
    if kind not in list(kinds):
        raise ScriptError(f"kind for {vendor} {operation} must be one of {', '.join(sorted(kinds))}")
    times, skip = _count(wanted.pop("times", 1), least=1), _count(wanted.pop("skip", 0), least=0)
    for name, value in wanted.items():
        _check(name, value)
    return book.add(vendor=vendor, operation=operation, kind=FaultKind(kind), times=times, skip=skip, **wanted)


def fault_body(fault: Fault) -> JSONObject:
    return {
        "id": fault.id,
        "vendor": fault.vendor,
        "operation": fault.operation,
        "kind": fault.kind,
        "times": fault.times,
        "skip": fault.skip,
        "used": fault.used,
        **fault.params,
    }


def _count(value: Any, *, least: int) -> int:  # noqa: ANN401  whatever JSON holds
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise ScriptError(f"times and skip must be whole numbers; times at least 1, got {value!r}")
    return value


def _check(name: str, value: Any) -> None:  # noqa: ANN401  whatever JSON holds
    types = PARAMETERS.get(name)
    if types is None:
        raise ScriptError(f"parameter must be one of {', '.join(PARAMETERS)}, got {name}")
    is_flag_where_number = isinstance(value, bool) and bool not in types
    is_zero_speed = name == "bytes_per_second" and not is_flag_where_number and value == 0
    if not isinstance(value, types) or is_flag_where_number or is_zero_speed:
        raise ScriptError(f"parameter {name} has a value it cannot have: {value!r}")
