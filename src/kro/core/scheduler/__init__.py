"""What the worker repeats: due rows, timers, steps, and the supervisor that keeps them going."""

from kro.core.scheduler.pump import Pump, PumpOptions, Result, Work, back_off
from kro.core.scheduler.signals import GiveUp, RetryLater
from kro.core.scheduler.steps import Step, StepLoop
from kro.core.scheduler.supervisor import Loop, SupervisorOptions, supervise
from kro.core.scheduler.timers import Fire, TimerOptions, TimerRunner
from kro.core.scheduler.watch import PROGRAM_TIME, DueWatch, Watched

__all__ = [
    "PROGRAM_TIME",
    "DueWatch",
    "Fire",
    "GiveUp",
    "Loop",
    "Pump",
    "PumpOptions",
    "Result",
    "RetryLater",
    "Step",
    "StepLoop",
    "SupervisorOptions",
    "TimerOptions",
    "TimerRunner",
    "Watched",
    "Work",
    "back_off",
    "supervise",
]
