"""The drill's steps, reduced: the vandal's day is undone to the letter, and a restore leaves the erased shut."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from seifas.drill import restored, vandal
from seifas.drill.frame import Context, StepResult


@pytest.fixture(scope="module")
def context(places: Path) -> Iterator[Context]:
    place = places / "drill-steps"
    place.mkdir(mode=0o711)
    place.chmod(0o711)
    made = Context(place, patients=150, seed=3, quick=True)
    yield made
    made.close()


@pytest.mark.slow
@pytest.mark.parametrize("step", [vandal.run, restored.run])
def test_the_promise_is_kept(context: Context, step: Callable[[Context], StepResult]) -> None:
    result = step(context)
    assert result.kept, result.figures
