"""Runs steps one after another and tells what became of each."""

from __future__ import annotations

import time
from collections.abc import Iterable

from seifas.drill.frame import Beside, Context, Other, Step, StepResult, Told
from seifas.errors import SeifasError


def run(steps: Iterable[Step], context: Context) -> list[Told]:
    """All steps, also after one that broke its promise. A step that cannot finish has not kept its promise."""
    return [one(step, context) for step in steps]


def one(step: Step, context: Context) -> Told:
    """One step, and then the same done to the other systems."""
    context.screen.say(f"step: {step.title}")
    started = time.monotonic()
    try:
        result = _result(step, context)
        took = round(time.monotonic() - started, 1)
        beside = tuple(_beside(other, context) for other in step.others)
    finally:
        context.clear()
    return Told(step.name, step.title, step.story, result, took, beside)


def _beside(other: Other, context: Context) -> Beside:
    """What another system gave; where it could not be run, that is said, and no promise of ours is broken by it."""
    try:
        return other.run(context)
    except Exception as error:
        return Beside(other.system, f"Could not be run here ({why(error)}), so there is nothing to compare.")


def _result(step: Step, context: Context) -> StepResult:
    try:
        return step.run(context)
    except Exception as error:
        return StepResult(
            promise="The step runs to its end.", deed="The step did not finish, so nothing is known.",
            loot="Unknown: a drill that breaks off counts as a broken promise.", kept=False, notes=(why(error),),
        )


def why(error: Exception) -> str:
    """What stopped it, without what a foreign exception says: that may quote a record."""
    if isinstance(error, SeifasError):
        return f"{error.code}: {error.message}" + (f" ({error.where})" if error.where else "")
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    at = f"{place.tb_frame.f_code.co_name}:{place.tb_lineno}" if place is not None else "?"
    return f"{type(error).__name__} in {at}"
