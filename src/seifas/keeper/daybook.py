"""The clinic's day pages and the care links they make, held together: whoever changes a page changes both."""

from __future__ import annotations

from collections.abc import Iterable
from zoneinfo import ZoneInfo

from seifas.keeper.schedule.calendar import Calendar
from seifas.keeper.schedule.links import CareLinks
from seifas.keeper.schedule.pages import DayPage


class DayBook:
    """All day pages in memory; each is also a sealed state row under `ident`."""

    def __init__(self, zone: str) -> None:
        self.zone = ZoneInfo(zone)
        self.calendar = Calendar()
        self.links = CareLinks(zone=self.zone)

    def load(self, pages: Iterable[DayPage]) -> None:
        """Replaces everything, as at unlock."""
        kept = list(pages)
        self.calendar = Calendar(kept)
        self.links = CareLinks(kept, zone=self.zone)

    def put(self, page: DayPage) -> None:
        self.calendar.put(page)
        self.links.put(page)

    @staticmethod
    def ident(page: DayPage) -> bytes:
        """What a page's state row is found by."""
        return page.doctor + page.date.encode()
