"""What open apps hear of the inbox."""

from datetime import datetime
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from kro.core.notices import Group, Weight
from kro.core.realtime.contract import LiveEvent

NOTIFICATION_CREATED: Final = "notification.created"


class NotificationCreated(BaseModel):
    """Something new is in the inbox."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(examples=["ntf_01kajz7k3nf9b8r2m4q6s8t0vw"])
    group: Group
    weight: Weight
    title: str
    about: str | None = Field(examples=["ord_01kajz7k3nf9b8r2m4q6s8t0vw"])
    created_at: datetime


EVENTS: Final = (LiveEvent(NOTIFICATION_CREATED, NotificationCreated, "Something new is in your inbox."),)
