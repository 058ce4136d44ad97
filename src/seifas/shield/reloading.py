"""When HAProxy is to load anew: other public pages, another certificate. Never often, and never a worker that has just
begun: it has not got its tables yet, and could not hand them on."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Final

from seifas.errors import Invalid, SeifasError
from seifas.shield.front.runtime import reload
from seifas.shield.model import Mode

log = logging.getLogger("seifas.shield")

YOUNG_S: Final = 10
_APART_S: Final = 20.0

Take = Callable[[], bool]
Renew = Callable[[dict[str, Mode], int], None]


class Reloading:
    """`take` fetches the public pages and says whether they differ from those that HAProxy holds; `renew` writes its
    configuration anew. Both are called in threads. `watched` are files."""

    def __init__(
        self, master: Path, take: Take | None, renew: Renew | None, watched: tuple[Path, ...], *, young_s: int = YOUNG_S
    ) -> None:
        self._master = master
        self._take = take
        self._renew = renew
        self._stamps = {path: _stamp(path) for path in watched}
        self._young_s = young_s
        self._next = 0.0
        self._wanted = False

    def is_due(self, at: float, uptime_s: int) -> bool:
        """Whether to load anew now; `uptime_s` is the worker's."""
        if not self._wanted or at < self._next or uptime_s < self._young_s:
            return False
        self._wanted = False
        self._next = at + _APART_S
        return True

    def hurry(self) -> None:
        """The next one does not wait for its time: the public notice of a flood was put up or taken down."""
        self._next = 0.0

    def look(self) -> None:
        """Whether a watched file is another than before."""
        for path, before in self._stamps.items():
            now = _stamp(path)
            if now is not None and now != before:
                self._stamps[path] = now
                self._wanted = True

    async def take(self) -> None:
        """Fetches the public pages."""
        if self._take is None:
            return
        try:
            if await asyncio.to_thread(self._take):
                self._wanted = True
        except (SeifasError, OSError) as error:
            log.warning("the public pages were not taken", extra={"error": type(error).__name__})

    async def reload(self, modes: dict[str, Mode], target: int) -> None:
        """Loads anew, in the modes that hold now."""
        try:
            if self._renew is not None:
                await asyncio.to_thread(self._renew, modes, target)
            if not await asyncio.to_thread(reload, self._master):
                raise Invalid("HAProxy refused its new configuration and keeps the old one")
        except (SeifasError, OSError) as error:
            log.error("no reload", extra={"error": type(error).__name__})


def _stamp(path: Path) -> int | None:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return None
