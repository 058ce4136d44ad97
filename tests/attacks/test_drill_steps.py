"""The drill's steps, reduced, on one clinic: what went out leads back to its account, a withdrawn consent shows, the
vandal's day is undone to the letter, a restore leaves the erased shut, ransom need not be paid, a leaked list names
itself."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from seifas.drill import (
    case_run,
    consent_withdrawn,
    extortion,
    insider_export,
    photos_stolen,
    ransomware,
    restored,
    sample_published,
    vandal,
)
from seifas.drill.frame import Context, StepResult


@pytest.mark.slow
@pytest.mark.parametrize("step", [
    photos_stolen.run, consent_withdrawn.run, sample_published.run, extortion.run, case_run.run, vandal.run,
    restored.run, ransomware.run, insider_export.run,
])  # fmt: skip
def test_the_promise_is_kept(drill_context: Context, step: Callable[[Context], StepResult]) -> None:
    result = step(drill_context)
    assert result.kept, (result.figures, result.notes)
