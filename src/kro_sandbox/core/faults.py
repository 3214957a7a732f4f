"""The script of faults: what shall go wrong, where, and how often."""

from dataclasses import dataclass, field
from enum import StrEnum

from kro_sandbox.core.wire import JSONObject


class FaultKind(StrEnum):
    LATE = "late"
    TIMEOUT = "timeout"
    ACT_THEN_TIMEOUT = "act_then_timeout"
    HTTP_ERROR = "http_error"
    ACT_THEN_HTTP_ERROR = "act_then_http_error"
    TRUNCATED = "truncated"
    SLOW_DRIP = "slow_drip"
    RATE_LIMITED = "rate_limited"
    WRONG_AMOUNT = "wrong_amount"
    WRONG_CURRENCY = "wrong_currency"
    WRONG_REFERENCE = "wrong_reference"
    DECLINE = "decline"
    UNDER = "under"
    OVER = "over"
    REVERSED = "reversed"
    STUCK = "stuck"
    OTP = "otp"
    NEEDS_ATTENTION = "needs_attention"
    LOST = "lost"
    DUPLICATE = "duplicate"
    OUT_OF_ORDER = "out_of_order"
    FORGED = "forged"
    EXCEPTION = "exception"
    OTHER_FORM = "other_form"
    OTHER_CODE = "other_code"
    EMPTY = "empty"


K = FaultKind
TRANSPORT = frozenset(
    {
        K.LATE,
        K.TIMEOUT,
        K.ACT_THEN_TIMEOUT,
        K.HTTP_ERROR,
        K.ACT_THEN_HTTP_ERROR,
        K.TRUNCATED,
        K.SLOW_DRIP,
        K.RATE_LIMITED,
    }
)
TAMPER = frozenset({K.WRONG_AMOUNT, K.WRONG_CURRENCY, K.WRONG_REFERENCE})
HTTP = TRANSPORT | TAMPER
DECLINED = frozenset({K.DECLINE})
WEBHOOK = TAMPER | {K.LOST, K.DUPLICATE, K.LATE, K.OUT_OF_ORDER, K.FORGED}


@dataclass(slots=True, kw_only=True)
class Fault:
    id: str
    vendor: str
    operation: str
    kind: FaultKind
    times: int = 1
    skip: int = 0
    used: int = 0
    params: JSONObject = field(default_factory=dict)

    def number(self, name: str, default: float) -> float:
        return float(self.params.get(name, default))

    def whole(self, name: str, default: int) -> int:
        return int(self.params.get(name, default))

    def text(self, name: str, default: str) -> str:
        return str(self.params.get(name, default))


class FaultBook:
    """Holds the scripted faults; each is used up `times` times, after letting `skip` calls pass."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._count = 0

    def add(
        self, *, vendor: str, operation: str, kind: FaultKind, times: int = 1, skip: int = 0, **params: object
    ) -> Fault:
        self._count += 1
        fault = Fault(
            id=f"fault_{self._count}",
            vendor=vendor,
            operation=operation,
            kind=kind,
            times=times,
            skip=skip,
            params=params,
        )
        self._faults.append(fault)
        return fault

    def take(self, *, vendor: str, operations: tuple[str, ...], kinds: frozenset[FaultKind]) -> Fault | None:
        """Use up and return the oldest fault scripted for one of the operations, if its kind can happen here."""
        for fault in self._faults:
            if fault.vendor != vendor or fault.operation not in operations or fault.kind not in kinds:
                continue
            if fault.used >= fault.times:
                continue
            if fault.skip > 0:
                fault.skip -= 1
                return None
            fault.used += 1
            return fault
        return None

    def all(self) -> list[Fault]:
        return list(self._faults)

    def remove(self, fault_id: str) -> bool:
        before = len(self._faults)
        self._faults = [fault for fault in self._faults if fault.id != fault_id]
        return len(self._faults) < before

    def clear(self) -> None:
        self._faults.clear()
