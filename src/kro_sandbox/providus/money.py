"""How the bank writes naira: short texts in notices, numbers in the verification, two decimals in transfers."""


def short(kobo: int) -> str:
    """Write an amount as notices do: `1`, `1.2`, `152015.63`."""
    return fixed(kobo).rstrip("0").rstrip(".")


def number(kobo: int) -> float:
    """Write an amount as the verification does: `1000.0`."""
    return kobo / 100


def fixed(kobo: int) -> str:
    """Write an amount as the transfer service does: `2000.45`."""
    return f"{kobo // 100}.{kobo % 100:02d}"
