"""Which photos one case's searches compare with, in memory only, from the keeper: fingerprints; as loaded.py.

Photos from before there were fingerprints get theirs here, from the rendition for screens: so many for a case, because
each takes a line and a place among the photos that an approval covers. It stays here, and is gone with the process.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from seifas.darkroom.imaging import fingerprint, jpeg
from seifas.darkroom.renditions import opened
from seifas.errors import Invalid, Missing, OverBudget, Tampered
from seifas.leaks.asking import CaseKeeper
from seifas.leaks.loaded import STALE_S
from seifas.leaks.photo_index import PhotoIndex, missing
from seifas.storage.objects import Objects

MOST_MADE: Final = 500
"""Fingerprints that are made for a case: half of the photos that one approval covers, some 0.1 s each."""


class LoadedPhotos:
    """Fingerprints, for the case that is searched now, or was last."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        self._case = b""
        self._index: PhotoIndex | None = None
        self._read_at = 0.0
        self._made: dict[bytes, bytes] = {}
        self.patient_of: dict[bytes, bytes] = {}
        self.left_out = 0

    def begin(self, case: bytes) -> None:
        """For a search of this case: what another one read is forgotten."""
        if case != self._case:
            self.forget()
            self._case = case

    def index(self, keeper: CaseKeeper, objects: Objects, loaded: Callable[[int], None]) -> PhotoIndex:
        """Knows every photo but `left_out`. `loaded` is told how many it knows so far, and may raise to end it."""
        if self._index is None or time.monotonic() - self._read_at > STALE_S:
            prints: dict[bytes, bytes] = {}
            self.patient_of = {}
            for page in keeper.fingerprints():
                prints |= {one.photo: one.fingerprint for one in page}
                self.patient_of.update((one.photo, one.patient) for one in page)
                loaded(len(prints))
            lacking = missing(prints.items())
            known = len(prints) - len(lacking)
            self._make(keeper, objects, lacking, lambda made: loaded(known + made))
            prints |= {photo: self._made.get(photo, b"") for photo in lacking}
            self._index, self._read_at = PhotoIndex(prints.items()), time.monotonic()
            self.left_out = len(self._index.missing)
        loaded(len(self._index))
        return self._index

    def _make(self, keeper: CaseKeeper, objects: Objects, photos: list[bytes], made: Callable[[int], None]) -> None:
        """Makes the fingerprints of these photos, as many as there may be; those that were made before stay."""
        wanted = [one for one in photos if one not in self._made]
        for photo in wanted[: max(0, MOST_MADE - len(self._made))]:
            made(len(self._made))
            try:
                self._made[photo] = fingerprint.of(jpeg.decoded(opened(objects, keeper.original(photo))))
            except OverBudget:
                return
            except (Missing, Tampered, Invalid):  # erased meanwhile, or damaged: the others can still be compared
                self._made[photo] = b""
