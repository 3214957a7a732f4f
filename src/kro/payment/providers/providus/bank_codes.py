"""Banks by the codes of the interbank switch, and what the rest of Nigeria calls them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

OWN_BANK: Final = "000023"
OWN_BANK_NAME: Final = "Providus Bank"
_NIP_CODE: Final = re.compile(r"[0-9]{6}")

# The bank documents a few; the others are NIBSS's usual assignments. They are not confirmed by the bank, which names
# only its own codes in GetNIPBanks, so settings may replace each. Left: codes of the central bank, and those other
# providers use for institutions that have none.
USUAL_CODES: Final[Mapping[str, str]] = {
    "044": "000014",
    "063": "000005",
    "023": "000009",
    "050": "000010",
    "070": "000007",
    "011": "000016",
    "214": "000003",
    "00103": "000027",
    "058": "000013",
    "301": "000006",
    "082": "000002",
    "50211": "090267",
    "50515": "090405",
    "999992": "100004",
    "999991": "100033",
    "076": "000008",
    "101": OWN_BANK,
    "221": "000012",
    "068": "000021",
    "232": "000001",
    "100": "000022",
    "302": "000026",
    "102": "000025",
    "032": "000018",
    "033": "000004",
    "215": "000011",
    "566": "090110",
    "035": "000017",
    "057": "000015",
}


@dataclass(frozen=True, slots=True)
class BankCodes:
    """``replacements`` win over what is usual."""

    replacements: Mapping[str, str] = field(default_factory=dict)

    def nip(self, code: str) -> str | None:
        """Return the six-digit code of a bank that may be given by another; ``None`` if it is not known.

        A code that is listed is never taken for a code of the switch, though some of them have six digits as well.
        """
        found = self.replacements.get(code) or USUAL_CODES.get(code, code)
        return found if _NIP_CODE.fullmatch(found) else None
