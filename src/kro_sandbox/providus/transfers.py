"""Transfers: most are answered at once, some only by their status, and nothing tells of any by itself."""

from kro_sandbox.core.background import Background
from kro_sandbox.core.clock import Clock
from kro_sandbox.core.faults import Fault, FaultBook, FaultKind
from kro_sandbox.core.naira import read_naira
from kro_sandbox.core.options import Options
from kro_sandbox.core.wire import JSONObject
from kro_sandbox.providus.clock import LAGOS
from kro_sandbox.providus.directory import BANKS, OWN_BANK, holder
from kro_sandbox.providus.errors import TransferError
from kro_sandbox.providus.state import ProvidusState, Transfer, TransferState

TRANSFER_FAULTS = frozenset({FaultKind.DECLINE, FaultKind.STUCK, FaultKind.REVERSED})
_CODES = {
    TransferState.PENDING: "09",
    TransferState.SUCCEEDED: "00",
    TransferState.FAILED: "32",
    TransferState.REVERSED: "31",
}
_KINDS = {
    FaultKind.DECLINE: TransferState.FAILED,
    FaultKind.STUCK: TransferState.PENDING,
    FaultKind.REVERSED: TransferState.SUCCEEDED,
}
# What becomes of a transfer by the end of the account number: at once, and after the delay.
_BEGINNINGS = {
    "9991": TransferState.FAILED,
    **dict.fromkeys(("9993", "9994", "9996"), TransferState.PENDING),
}
_ENDS = {"9992": TransferState.REVERSED, "9994": TransferState.SUCCEEDED, "9996": TransferState.FAILED}
_FOUND_LATE = "9995"
_HIDDEN_READS = 2
_MEMBERS = ("transactionAmount", "currencyCode", "narration", "transactionReference")
_NIP_MEMBERS = ("beneficiaryAccountName", "beneficiaryAccountNumber", "beneficiaryBank", "sourceAccountName")
_WITHIN_MEMBERS = ("creditAccount", "debitAccount")


class Transfers:
    def __init__(
        self,
        *,
        state: ProvidusState,
        clock: Clock,
        faults: FaultBook,
        options: Options,
        background: Background,
        own_account: str,
    ) -> None:
        self._state = state
        self._clock = clock
        self._faults = faults
        self._options = options
        self._background = background
        self._own_account = own_account

    def send_interbank(self, body: JSONObject) -> Transfer:
        """Send money to an account at another bank.

        :raises TransferError: for a used reference, a malformed member, an account nobody has, too little money.
        """
        number, bank = str(body.get("beneficiaryAccountNumber", "")), str(body.get("beneficiaryBank", ""))
        amount = self._checked(body, (*_MEMBERS, *_NIP_MEMBERS))
        if bank not in BANKS:
            raise TransferError("16")
        owner = holder(number=number, bank=bank)
        if owner is None:
            raise TransferError("07")
        if owner != body["beneficiaryAccountName"]:
            raise TransferError("08")
        return self._begin(body, amount=amount, number=number, bank=bank)

    def send_within(self, body: JSONObject) -> Transfer:
        """Send money to another account at the bank itself.

        :raises TransferError: as above.
        """
        number = str(body.get("creditAccount", ""))
        amount = self._checked(body, (*_MEMBERS, *_WITHIN_MEMBERS))
        if holder(number=number, bank=OWN_BANK) is None:
            raise TransferError("7702")
        return self._begin(body, amount=amount, number=number, bank=OWN_BANK)

    def find(self, reference: object, *, is_within: bool) -> Transfer:
        """Find a transfer by the merchant's reference, among those of one kind.

        :raises TransferError: if there is none, or it is not to be seen yet.
        """
        transfer = self._state.transfers.get(str(reference))
        if transfer is None or transfer.is_within is not is_within:
            raise TransferError("01")
        if transfer.hidden_reads > 0:
            transfer.hidden_reads -= 1
            raise TransferError("01")
        return transfer

    def end(self, transfer: Transfer, state: TransferState) -> None:
        """Bring a transfer to its end; what has failed or come back stays so."""
        if transfer.is_out:
            transfer.state, transfer.code = state, _CODES[state]

    def _checked(self, body: JSONObject, members: tuple[str, ...]) -> int:
        if any(not isinstance(body.get(name), str) or not body[name] for name in members):
            raise TransferError("30")
        amount = read_naira(body["transactionAmount"], is_text=True)
        if amount is None:
            raise TransferError("13")
        if body["currencyCode"] != "NGN":
            raise TransferError("7708")
        if body.get("debitAccount", self._own_account) != self._own_account:
            raise TransferError("7701")
        if body["transactionReference"] in self._state.transfers:
            raise TransferError("7709", reference=body["transactionReference"])
        return amount

    def _begin(self, body: JSONObject, *, amount: int, number: str, bank: str) -> Transfer:
        if amount > self._state.available:
            raise TransferError("7704", reference=body["transactionReference"])
        fault = self._faults.take(vendor="providus", operations=("transfer",), kinds=TRANSFER_FAULTS)
        at, ending = self._clock.now().astimezone(LAGOS), number[-4:]
        state = _BEGINNINGS.get(ending, TransferState.SUCCEEDED) if fault is None else _KINDS[fault.kind]
        transfer = Transfer(
            reference=body["transactionReference"],
            is_within=bank == OWN_BANK,
            amount=amount,
            account_number=number,
            bank_code=bank,
            narration=body["narration"],
            session_id=f"{OWN_BANK}{at:%y%m%d%H%M%S}{self._state.ids.next() % 10**12:012d}",
            at=at,
            state=state,
            code=_CODES[state] if fault is None else fault.text("code", _CODES[state]),
            hidden_reads=_HIDDEN_READS if ending == _FOUND_LATE else 0,
        )
        self._state.transfers[transfer.reference] = transfer
        self._follow(transfer, _end_of(fault, ending))
        return transfer

    def _follow(self, transfer: Transfer, end: TransferState | None) -> None:
        if end is None:
            return

        async def arrive() -> None:
            self.end(transfer, end)

        self._background.start(arrive, delay=self._options.transfer_delay)


def _end_of(fault: Fault | None, ending: str) -> TransferState | None:
    if fault is None:
        return _ENDS.get(ending)
    return TransferState.REVERSED if fault.kind is FaultKind.REVERSED else None
