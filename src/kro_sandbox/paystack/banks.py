"""Nigerian banks with their CBN codes, and the test accounts in them.

NIP institution codes are the usual NIBSS assignments; Paystack lists them on request.
"""

from dataclasses import dataclass

from kro_sandbox.core.wire import JSONObject
from kro_sandbox.paystack.errors import PaystackError

_LISTED_AT = "2016-07-14T10:04:29.000Z"
ACCOUNT_DIGITS = 10


@dataclass(frozen=True, slots=True)
class Bank:
    id: int
    name: str
    slug: str
    code: str
    nip: str
    longcode: str = ""

    def body(self, *, nip: bool) -> JSONObject:
        item: JSONObject = {
            "id": self.id,
            "name": self.name,
            "slug": self.slug,
            "code": self.code,
            "longcode": self.longcode,
            "gateway": None,
            "pay_with_bank": False,
            "supports_transfer": True,
            "available_for_direct_debit": False,
            "active": True,
            "country": "Nigeria",
            "currency": "NGN",
            "type": "nuban",
            "is_deleted": False,
            "createdAt": _LISTED_AT,
            "updatedAt": _LISTED_AT,
        }
        return item | {"nip_sort_code": self.nip} if nip else item


BANKS = (
    Bank(1, "Access Bank", "access-bank", "044", "000014", "044150149"),
    Bank(3, "Access Bank (Diamond)", "access-bank-diamond", "063", "000005", "063150162"),
    Bank(2, "Citibank Nigeria", "citibank-nigeria", "023", "000009", "023150005"),
    Bank(4, "Ecobank Nigeria", "ecobank-nigeria", "050", "000010", "050150010"),
    Bank(6, "Fidelity Bank", "fidelity-bank", "070", "000007", "070150003"),
    Bank(7, "First Bank of Nigeria", "first-bank-of-nigeria", "011", "000016", "011151003"),
    Bank(8, "First City Monument Bank", "first-city-monument-bank", "214", "000003", "214150018"),
    Bank(70, "Globus Bank", "globus-bank", "00103", "000027", "103015001"),
    Bank(9, "Guaranty Trust Bank", "guaranty-trust-bank", "058", "000013", "058152036"),
    Bank(22, "Jaiz Bank", "jaiz-bank", "301", "000006", "301080020"),
    Bank(11, "Keystone Bank", "keystone-bank", "082", "000002", "082150017"),
    Bank(67, "Kuda Bank", "kuda-bank", "50211", "090267"),
    Bank(169, "Moniepoint MFB", "moniepoint-mfb-ng", "50515", "090405"),
    Bank(171, "OPay Digital Services Limited (OPay)", "paycom", "999992", "100004"),
    Bank(169001, "PalmPay", "palmpay", "999991", "100033"),
    Bank(13, "Polaris Bank", "polaris-bank", "076", "000008", "076151006"),
    Bank(25, "Providus Bank", "providus-bank", "101", "000023"),
    Bank(14, "Stanbic IBTC Bank", "stanbic-ibtc-bank", "221", "000012", "221159522"),
    Bank(15, "Standard Chartered Bank", "standard-chartered-bank", "068", "000021", "068150015"),
    Bank(16, "Sterling Bank", "sterling-bank", "232", "000001", "232150016"),
    Bank(23, "Suntrust Bank", "suntrust-bank", "100", "000022"),
    Bank(68, "TAJ Bank", "taj-bank", "302", "000026", "302080001"),
    Bank(24, "Test Bank", "test-bank", "001", "000000"),
    Bank(39, "Titan Bank", "titan-bank", "102", "000025"),
    Bank(17, "Union Bank of Nigeria", "union-bank-of-nigeria", "032", "000018", "032080474"),
    Bank(18, "United Bank For Africa", "united-bank-for-africa", "033", "000004", "033153513"),
    Bank(19, "Unity Bank", "unity-bank", "215", "000011", "215154097"),
    Bank(71, "VFD Microfinance Bank Limited", "vfd", "566", "090110"),
    Bank(20, "Wema Bank", "wema-bank", "035", "000017", "035150103"),
    Bank(21, "Zenith Bank", "zenith-bank", "057", "000015", "057150013"),
)
_BY_CODE = {bank.code: bank for bank in BANKS}

_KNOWN_ACCOUNTS = {
    ("058", "0001234567"): "DEMO SELLER",
    ("058", "0001234568"): "DEMO BUYER",
    # Paystack's own test account ends in zeros and exists nevertheless.
    ("057", "0000000000"): "ZENITH TEST ACCOUNT",
}


def find_bank(code: str) -> Bank | None:
    return _BY_CODE.get(code)


def account_name(*, bank_code: str, account_number: str) -> str | None:
    """Name the holder of an account; None when the bank does not know it.

    Numbers ending in 0000 are unknown unless seeded, and so is everything that is not ten digits.
    """
    known = _KNOWN_ACCOUNTS.get((bank_code, account_number))
    if known is not None:
        return known
    if find_bank(bank_code) is None or not _is_nuban(account_number) or account_number.endswith("0000"):
        return None
    return f"TEST ACCOUNT {account_number[-4:]}"


def resolve(*, bank_code: str, account_number: str) -> JSONObject:
    """Answer `GET /bank/resolve`.

    :raises PaystackError: 400 for an unknown bank, 422 for an account that does not resolve.
    """
    bank = find_bank(bank_code)
    if bank is None:
        raise PaystackError(f"Unknown bank code: {bank_code}", code="unknown_bank_code")
    name = account_name(bank_code=bank_code, account_number=account_number)
    if name is None:
        raise PaystackError(
            "Could not resolve account name. Check parameters or try again.",
            status=422,
            code="invalid_bank_code",
            next_step="Confirm that the account number and the bank code belong together.",
        )
    return {"account_number": account_number, "account_name": name, "bank_id": bank.id}


def _is_nuban(account_number: str) -> bool:
    return len(account_number) == ACCOUNT_DIGITS and account_number.isascii() and account_number.isdigit()
