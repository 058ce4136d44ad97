"""The steps of the drill, in the order of the story. A capability adds its step here and nowhere else."""

from __future__ import annotations

from typing import Final

from seifas.drill import disk_stolen, killed, restored, session_stolen, vandal, web_process
from seifas.drill.frame import Step
from seifas.errors import Invalid

STEPS: Final = (
    Step(
        "disk_stolen", "The disk is stolen",
        "Names, complaints, procedures, doctors and photos of 24,000 patients were copied from the clinic's servers.",
        disk_stolen.run,
    ),
    Step(
        "session_stolen", "A session is stolen",
        "24,000 records were taken through access that worked, and nobody noticed until they were for sale.",
        session_stolen.run,
    ),
    Step(
        "web_process", "The web process is taken over",
        "What stands on the internet is broken into first: experts found the clinics' sites full of holes.",
        web_process.run,
    ),
    Step(
        "vandal", "Somebody destroys records",
        "Whoever has got in can delete and overwrite, out of spite or to cover his traces.", vandal.run,
    ),
    Step(
        "killed", "Processes are killed at random",
        "Twice in a few days the clinic's systems went down, and nobody could say what was lost.", killed.run,
    ),
    Step(
        "restore", "The machine is gone",
        "The servers were broken into; what is rebuilt must not bring back those who asked to be erased.",
        restored.run,
    ),
)


def chosen(names: tuple[str, ...]) -> tuple[Step, ...]:
    """The steps of these names, in the story's order; all where none is named. Raises Invalid for an unknown name."""
    known = {step.name for step in STEPS}
    for name in names:
        if name not in known:
            raise Invalid(f"there is no step of this name; there are {', '.join(sorted(known))}", where=name[:40])
    return tuple(step for step in STEPS if not names or step.name in names)
