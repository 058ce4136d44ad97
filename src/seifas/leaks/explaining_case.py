"""Explains what all searches of a case have found: whose text and which photos, by the lines of the log."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from seifas.errors import Invalid
from seifas.leaks.asking import CaseKeeper
from seifas.leaks.explaining import Explanation, Opening, Shown, Thing, explained
from seifas.leaks.job import Job
from seifas.leaks.results import Explained, Matched, Row, Traced, Way, body_of, read

LIKELY: Final = 0.5
"""A row counts for its first candidate from this probability on: below it, nobody is likelier than anybody."""

_OF_PHOTOS: Final = frozenset({"named", "named-together", "unmarked", "cannot-tell"})


def explain(job: Job, keeper: CaseKeeper) -> None:
    """Fills `job.explained`, and has the result kept. Raises Invalid where no search has found anybody yet."""
    job.tell("loading")
    bodies, patients = keeper.so_far()
    things = things_of([read(body) for body in bodies])
    if not things:
        raise Invalid("nobody has been found in this case yet: search its files first", where="files")
    openings: list[Opening] = []
    logins: dict[bytes, str] = {}
    for page, accounts in keeper.lines():
        openings += page
        logins |= accounts
        job.tell(lines=len(openings))
    job.tell("searching")
    shown = len({photo for one in openings for photo in one.photos})
    found = explained(things, openings, patients=patients, photos=shown)
    job.explained = _told(found, things, logins, len(openings), job.seconds)
    job.tell("keeping")
    job.end("done", result=keeper.found("explain", body_of(job.explained)))


def things_of(results: list[Matched | Traced | Explained]) -> list[Thing]:
    """Each patient and each photo once, as it was found most surely."""
    people: dict[bytes, Thing] = {}
    photos: dict[bytes, Thing] = {}
    for result in results:
        if isinstance(result, Matched):
            for row in result.rows:
                thing = _of_row(row)
                known = people.get(thing.patient) if thing else None
                if thing and (known is None or _better(thing, known)):
                    people[thing.patient] = thing
        elif isinstance(result, Traced):
            photos |= {one.photo: Thing(photo=one.photo) for one in result.traces if one.verdict in _OF_PHOTOS}
    return [*people.values(), *photos.values()]


def _of_row(row: Row) -> Thing | None:
    first = row.candidates[0] if row.candidates else None
    if first is None or first.probability < LIKELY:
        return None
    shown = Shown.CHART if row.care else Shown.CARD
    return Thing(
        patient=first.patient, probability=first.probability, shown=shown,
        not_before_ms=_started(row.newest) if row.care else 0,
    )  # fmt: skip


def _better(one: Thing, other: Thing) -> bool:
    return (one.shown, one.not_before_ms, one.probability) > (other.shown, other.not_before_ms, other.probability)


def _started(day: str) -> int:
    """The beginning of a day in ms, a day early for the sake of zones; 0 for what is no day that has been."""
    try:
        began = datetime.fromisoformat(day).replace(tzinfo=UTC)
    except ValueError:
        return 0
    return max(0, int(began.timestamp() * 1000) - 86_400_000) if began <= datetime.now(UTC) else 0


def _told(found: Explanation, things: list[Thing], logins: dict[bytes, str], lines: int, seconds: float) -> Explained:
    return Explained(
        verdict=found.verdict, storage=found.storage, patients=sum(not one.photo for one in things),
        photos=sum(bool(one.photo) for one in things), not_before_ms=found.not_before_ms, backups=found.backups,
        lines=lines, seconds=round(seconds, 3),
        ways=tuple(
            Way(
                one.kind, logins.get(one.account, ""), tuple(session.hex() for session in one.sessions), one.since_ms,
                one.until_ms, one.opened, one.hits, one.weight, one.posterior, one.chance, one.lines,
            )
            for one in found.ways
        ),
    )  # fmt: skip
