"""The publications of an unlocked vault: by id, by photo, and when the consent of each was last looked at."""

from __future__ import annotations

import time
from collections.abc import Iterable

from seifas.keeper.photo_model import Publication


class PublicationBook:
    """A few hundred at most. What is hidden is being withdrawn: it is named to nobody any more."""

    def __init__(self) -> None:
        self._by_id: dict[bytes, Publication] = {}
        self._hidden: dict[bytes, float] = {}
        self._looked: dict[bytes, tuple[int, str]] = {}
        self._shown: dict[bytes, int] = {}

    def load(self, publications: Iterable[Publication]) -> None:
        self._by_id = {one.id: one for one in publications}
        self._hidden.clear()
        self._looked.clear()

    def put(self, publication: Publication) -> None:
        self._by_id[publication.id] = publication

    def get(self, ident: bytes) -> Publication | None:
        """One that lives and is not being withdrawn."""
        return None if ident in self._hidden else self._by_id.get(ident)

    def all(self) -> list[Publication]:
        """Those that are being withdrawn too."""
        return list(self._by_id.values())

    def hidden(self, for_s: float = 0.0) -> list[Publication]:
        """Those that are being withdrawn, for so long already: whose commit must have failed."""
        before = time.monotonic() - for_s
        return [self._by_id[ident] for ident, at in self._hidden.items() if at <= before and ident in self._by_id]

    def live(self) -> list[Publication]:
        """Newest first."""
        found = [one for one in self._by_id.values() if one.id not in self._hidden]
        return sorted(found, key=lambda one: (-one.made_ms, one.id))

    def of_photo(self, photo: bytes) -> list[Publication]:
        return [one for one in self._by_id.values() if one.photo == photo]

    def of_patient(self, patient: bytes) -> list[Publication]:
        return [one for one in self._by_id.values() if one.patient == patient]

    def of_consent(self, consent: bytes) -> list[Publication]:
        return [one for one in self._by_id.values() if one.consent == consent]

    def hide(self, gone: Iterable[Publication]) -> None:
        """Before the commit that deletes them: nobody is shown what is about to die, even if the commit fails."""
        for one in gone:
            self._hidden.setdefault(one.id, time.monotonic())

    def remove(self, gone: Iterable[Publication]) -> None:
        """After that commit."""
        for one in list(gone):
            self._by_id.pop(one.id, None)
            self._hidden.pop(one.id, None)
            self._looked.pop(one.id, None)
            self._shown.pop(one.id, None)

    # -- when the consent was looked at: it is looked at again when the patient's record or the day changes

    def looked(self, ident: bytes, version: int, day: str) -> bool:
        return self._looked.get(ident) == (version, day)

    def look(self, ident: bytes, version: int, day: str) -> None:
        self._looked[ident] = (version, day)

    def may_show(self, ident: bytes, boot_ms: int) -> bool:
        """The public process keeps its copies in memory and asks for each once: not more often than once a second."""
        if boot_ms - self._shown.get(ident, -1000) < 1000:
            return False
        self._shown[ident] = boot_ms
        return True
