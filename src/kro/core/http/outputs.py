"""The base of what clients get."""

from pydantic import BaseModel, ConfigDict


class Output(BaseModel):
    """What clients get. A model is worked out when it is first used: a start has hundreds, a process uses a few."""

    model_config = ConfigDict(defer_build=True)
