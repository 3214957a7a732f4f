"""What is told about refunds over the sockets."""

from typing import Final

from pydantic import ConfigDict, Field

from kro.core.http import Output
from kro.core.realtime.contract import LiveEvent
from kro.refund.domain import RefundStatus


class RefundHint(Output):
    model_config = ConfigDict(extra="forbid")

    id: str = Field(examples=["rfd_01kajz7k3nf9b8r2m4q6s8t0vw"])
    status: RefundStatus


EVENTS: Final = (LiveEvent("refund.updated", RefundHint, "A refund of yours got further."),)
