from __future__ import annotations

import orjson
from fastapi import Response

from kro.core.http import JSONBytes
from kro.payment.providers import Acknowledgement


def acknowledged(told: Acknowledgement) -> Response:
    """Put what a provider is told on the wire; without a body it is only a status."""
    if told.body is None:
        return Response(status_code=told.status)
    return JSONBytes(orjson.dumps(told.body), status_code=told.status)
