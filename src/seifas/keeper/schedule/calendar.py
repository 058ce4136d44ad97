"""The day pages in memory: one a doctor and day, found by day, by entry and by patient. The keeper stores the pages."""

from __future__ import annotations

from collections.abc import Iterable

from seifas.errors import Missing
from seifas.keeper.schedule.pages import DayPage, Entry


class Calendar:
    """All day pages that the keeper holds open. Not locked: used from the keeper's one thread."""

    def __init__(self, pages: Iterable[DayPage] = ()) -> None:
        self._days: dict[str, dict[bytes, DayPage]] = {}
        self._place: dict[bytes, tuple[str, bytes]] = {}
        self._of_patient: dict[bytes, set[bytes]] = {}
        for page in pages:
            self.put(page)

    def put(self, page: DayPage) -> None:
        """Takes over a new or changed page, whole. Two pages that change at once (a move) may come in either order."""
        before = self._days.get(page.date, {}).get(page.doctor)
        for entry in before.entries if before else ():
            self._forget(entry, (page.date, page.doctor))
        if not page.entries:
            if before:
                del self._days[page.date][page.doctor]
            return
        self._days.setdefault(page.date, {})[page.doctor] = page
        for entry in page.entries:
            self._place[entry.id] = (page.date, page.doctor)
            self._of_patient.setdefault(entry.patient, set()).add(entry.id)

    def page(self, doctor: bytes, day: str) -> DayPage:
        """The page of a doctor and day, empty if there is none."""
        return self._days.get(day, {}).get(doctor) or DayPage(doctor, day)

    def day(self, day: str, doctor: bytes | None = None) -> list[Entry]:
        """The entries of a day, of one doctor or all, in order of start."""
        pages = self._days.get(day, {})
        chosen = pages.values() if doctor is None else [pages[doctor]] if doctor in pages else []
        return sorted((entry for page in chosen for entry in page.entries), key=lambda each: (each.start_ms, each.id))

    def find(self, entry_id: bytes) -> DayPage:
        """The page that holds an entry. Raises Missing."""
        place = self._place.get(entry_id)
        if place is None:
            raise Missing("There is no such entry.", where="entry")
        return self.page(place[1], place[0])

    def of(self, patient: bytes) -> list[Entry]:
        """A patient's entries, in order of start."""
        entries = [self.find(entry_id).entry(entry_id) for entry_id in self._of_patient.get(patient, ())]
        return sorted(entries, key=lambda each: (each.start_ms, each.id))

    def pages_of(self, patient: bytes) -> list[DayPage]:
        """The pages that hold anything of a patient: what erasing has to rewrite."""
        places = {self._place[entry_id] for entry_id in self._of_patient.get(patient, ())}
        return [self.page(doctor, day) for day, doctor in sorted(places)]

    def _forget(self, entry: Entry, place: tuple[str, bytes]) -> None:
        if self._place.get(entry.id) != place:
            return  # it moved to another page, which came first
        del self._place[entry.id]
        entries = self._of_patient.get(entry.patient)
        if entries is not None:
            entries.discard(entry.id)
            if not entries:
                del self._of_patient[entry.patient]
