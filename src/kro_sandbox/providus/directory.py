"""Banks by the codes of the interbank switch, and the test accounts in them."""

import re

BANKS = {
    "000001": "STERLING BANK",
    "000004": "UNITED BANK FOR AFRICA",
    "000013": "GTBANK PLC",
    "000014": "ACCESS BANK",
    "000015": "ZENITH BANK",
    "000016": "FIRST BANK OF NIGERIA",
    "000017": "WEMA BANK",
    "000023": "PROVIDUS BANK",
    "090267": "KUDA MICROFINANCE BANK",
    "100004": "OPAY",
    "100033": "PALMPAY",
    "110000": "TEST BANK",
}
OWN_BANK = "000023"
NUBAN = re.compile(r"[0-9]{10}")
# The two of the bank's samples, and the one that other vendors' stand-ins have as well.
_HOLDERS = {
    ("110000", "1018996198"): "NNAJI, JOSHUA & VIVIAN",
    ("000013", "0045434120"): "NNAJI, JOSHUA & VIVIAN",
    ("000013", "0001234567"): "DEMO SELLER",
}


def holder(*, number: str, bank: str) -> str | None:
    """Name the holder of an account; nobody has a number that ends in 0000."""
    if NUBAN.fullmatch(number) is None or number.endswith("0000"):
        return None
    return _HOLDERS.get((bank, number), f"TEST ACCOUNT {number[-4:]}")
