"""The steps of the drill, in the order of the story. A capability adds its step here and nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from seifas.drill import (
    case_run,
    consent_withdrawn,
    disk_stolen,
    extortion,
    flooded,
    insider_export,
    killed,
    peer_sekmet,
    photos_stolen,
    ransomware,
    restored,
    sample_published,
    session_stolen,
    vandal,
    web_process,
)
from seifas.drill.frame import Beside, Context, Other, Step
from seifas.drill.plain_system import spoilt, stolen
from seifas.errors import Invalid


def _plain(run: Callable[[Context], Beside]) -> tuple[Other, ...]:
    return (Other(stolen.SYSTEM, run),)


STEPS: Final = (
    Step(
        "disk_stolen", "The disk is stolen",
        "Names, complaints, procedures, doctors and photos of 24,000 patients were copied from the clinic's servers.",
        disk_stolen.run, _plain(stolen.disk),
    ),
    Step(
        "session_stolen", "A session is stolen",
        "24,000 records were taken through access that worked, and nobody noticed until they were for sale.",
        session_stolen.run, (*_plain(stolen.session), Other(peer_sekmet.SYSTEM, peer_sekmet.session)),
    ),
    Step(
        "web_process", "The web process is taken over",
        "What stands on the internet is broken into first: experts found the clinics' sites full of holes.",
        web_process.run, _plain(stolen.web_process),
    ),
    Step(
        "photos_stolen", "Photos are stolen through an account",
        "Before and after photos were what made the data worth stealing; nobody could say how they had left.",
        photos_stolen.run, _plain(stolen.photos),
    ),
    Step(
        "insider_export", "An allowed export leaks",
        "Insurers, laboratories and mailing houses had lists; nobody could say whether one of them was the leak.",
        insider_export.run, _plain(spoilt.export),
    ),
    Step(
        "sample_published", "A sample is published",
        "35 patients were put on a site in English, to show what else there was; nobody knew who had leaked it.",
        sample_published.run, _plain(stolen.sample),
    ),
    Step(
        "extortion", "The clinic is extorted",
        "300 bitcoin were demanded, from patients one by one, too; nobody could say whether who wrote had the data.",
        extortion.run,
    ),
    Step(
        "flood", "The site is flooded",
        "Twice in a few days several hundred thousand addresses flooded the site; staff and patients were shut out.",
        flooded.run, _plain(spoilt.flood),
    ),
    Step(
        "case", "The case is worked",
        "Police, authority and press asked who was affected; 24,000 people waited for an answer, and for a letter.",
        case_run.run, _plain(stolen.case),
    ),
    Step(
        "vandal", "Somebody destroys records",
        "Whoever has got in can delete and overwrite, out of spite or to cover his traces.",
        vandal.run, _plain(spoilt.vandal),
    ),
    Step(
        "consent_withdrawn", "A consent is withdrawn",
        "Pictures of patients were shown to the world without their will; ours are shown only with it.",
        consent_withdrawn.run,
    ),
    Step(
        "killed", "Processes are killed at random",
        "Twice in a few days the clinic's systems went down, and nobody could say what was lost.", killed.run,
    ),
    Step(
        "restore", "The machine is gone",
        "The servers were broken into; what is rebuilt must not bring back those who asked to be erased.",
        restored.run, _plain(spoilt.restored),
    ),
    Step(
        "ransomware", "Everything is encrypted",
        "Ransom was demanded; clinics elsewhere found every file encrypted, and the backups with them.",
        ransomware.run, _plain(spoilt.ransomware),
    ),
)


def chosen(names: tuple[str, ...]) -> tuple[Step, ...]:
    """The steps of these names, in the story's order; all where none is named. Raises Invalid for an unknown name."""
    known = {step.name for step in STEPS}
    for name in names:
        if name not in known:
            raise Invalid(f"there is no step of this name; there are {', '.join(sorted(known))}", where=name[:40])
    return tuple(step for step in STEPS if not names or step.name in names)
