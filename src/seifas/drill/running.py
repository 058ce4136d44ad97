"""Runs steps one after another and tells what became of each."""

from __future__ import annotations

import time
from collections.abc import Iterable

from seifas.drill.frame import Context, Step, StepResult, Told
from seifas.errors import SeifasError


def run(steps: Iterable[Step], context: Context) -> list[Told]:
    """All steps, also after one that broke its promise. A step that cannot finish has not kept its promise."""
    told = []
    for step in steps:
        context.screen.say(f"step: {step.title}")
        started = time.monotonic()
        result = _one(step, context)
        told.append(Told(step.name, step.title, step.story, result, round(time.monotonic() - started, 1)))
    return told


def _one(step: Step, context: Context) -> StepResult:
    try:
        return step.run(context)
    except SeifasError as error:
        why = f"{error.code}: {error.message}" + (f" ({error.where})" if error.where else "")
    except Exception as error:
        place = error.__traceback__
        while place is not None and place.tb_next is not None:
            place = place.tb_next
        at = f"{place.tb_frame.f_code.co_name}:{place.tb_lineno}" if place is not None else "?"
        why = f"{type(error).__name__} in {at}"
    return StepResult(
        promise="The step runs to its end.", deed="The step did not finish, so nothing is known.",
        loot="Unknown: a drill that breaks off counts as a broken promise.", kept=False, notes=(why,),
    )
