import secrets
import string
import time

LOWER = string.ascii_lowercase + string.digits


def token(*, length: int, alphabet: str = LOWER) -> str:
    return "".join(secrets.choice(alphabet) for _ in range(length))


class NumericIds:
    """Hands out growing numeric ids that no earlier run of the sandbox has used.

    Receivers de-duplicate webhooks on these ids and keep them in a database that outlives the sandbox, so counting from
    one again would make new events look like old ones. Milliseconds since 1970 also exceed 32 bits, as vendors' ids do.
    """

    def __init__(self) -> None:
        self._last = time.time_ns() // 1_000_000

    def next(self) -> int:
        self._last += 1
        return self._last
