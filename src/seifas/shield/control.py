"""Decides beside HAProxy how strict it is: counts what came, steps the modes once a second, tells and keeps evidence.

HAProxy goes on in its last mode when this process dies; the next one takes up where this stopped. When HAProxy dies,
this one gives the new one its modes, keys and known networks back.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Final

import msgspec

from seifas.errors import SeifasError, Unavailable
from seifas.shield import addresses, baseline, modes, sources, standing, steering, work
from seifas.shield.addresses import GOOD, Addresses
from seifas.shield.announcers import Announcers
from seifas.shield.baseline import Baseline, Usual
from seifas.shield.collecting import Collector
from seifas.shield.counting import WINDOW_S, Portion, Recent, Tally, portions
from seifas.shield.dropping_client import Dropper
from seifas.shield.flooding import Floods
from seifas.shield.front import certificate
from seifas.shield.front import keys as lane_keys
from seifas.shield.front.keys import Keys
from seifas.shield.front.runtime import Runtime
from seifas.shield.gauging import Line
from seifas.shield.lines import LISTENERS, parsed
from seifas.shield.meters import Meters
from seifas.shield.model import Change, ListenerState, Mode, State
from seifas.shield.modes import Measured, Rules, Situation
from seifas.shield.networks import Networks
from seifas.shield.reloading import YOUNG_S, Reloading, Renew, Take
from seifas.shield.reporting import Reporter, Wishes
from seifas.shield.steering import Wanted
from seifas.shield.work import Work

log = logging.getLogger("seifas.shield")

_SECOND: Final = 1.0
_TELL_S: Final = 1.0
_MINUTE_MS: Final = 60_000
_STEER_S: Final = 10.0
_SNAPSHOT_S: Final = 60.0
_SNAPSHOT_FIRST_S: Final = 5.0
_SNAPSHOT_CALM_S: Final = 300.0
_DROP_S: Final = 10.0
_CONNECTING: Final = 200.0  # connections a second; below it nobody is looked for who does nothing else
_KEYS_S: Final = 3600.0
_CERTIFICATE_S: Final = 900.0  # the first time, too: an authority has given the first one by then
_KNOWS_AFTER_S: Final = 3600.0
_KEPT_CALM_S: Final = 3600
_NAMES: Final = tuple(str(listener) for listener in LISTENERS)


class Control(msgspec.Struct, frozen=True):
    """Where things are and how they are done. `directory` is this process's own: baseline.json and standing.json lie
    there. Functions are called in threads and may raise SeifasError."""

    directory: Path
    lines_socket: Path
    runtime_socket: Path
    master_socket: Path
    rules: Rules = Rules()
    keys: Path | None = None  # of the lanes; rotated here
    take_snapshot: Take | None = None  # these three: reloading.py
    renew: Renew | None = None
    watched: tuple[Path, ...] = ()
    dropper: Dropper | None = None
    most_exact: int = addresses.MOST
    window_s: float = WINDOW_S  # sources and newcomers are those of so many seconds
    young_s: int = YOUNG_S
    certificate_s: float = _CERTIFICATE_S
    announcers: Announcers | None = None
    line_bytes: int = 0  # what the line carries a second; 0: as the card says


class Loop:
    """One process has one."""

    def __init__(self, control: Control, reporter: Reporter) -> None:
        self._control = control
        self._reporter = reporter
        self._runtime = Runtime(control.runtime_socket)
        self._collector = Collector()
        self._meters = Meters(self._runtime, Line(bytes_s=control.line_bytes), _NAMES)
        self._addresses = Addresses(control.most_exact)
        self._networks = Networks()
        self._tallies = {
            name: Tally(name, most_exact=control.most_exact, window_s=control.window_s) for name in _NAMES
        }
        self._baselines = baseline.load(control.directory / "baseline.json")
        before = standing.load(control.directory / "standing.json")
        self._situations = {
            name: before.listeners[name].situation() if name in before.listeners else Situation() for name in _NAMES
        }
        self._floods = Floods(
            control.directory / "standing.json", reporter, self._addresses, self._networks, before.flood
        )
        self._wishes = Wishes()
        self._works = Work()
        self._recents: dict[str, Recent] = {}
        self._strictest = dict.fromkeys(_NAMES, Mode.CALM)
        self._minute_ms = _now_ms()
        self._minute_at = time.monotonic()
        self._began = time.monotonic()
        self._due = {"certificate": self._began + control.certificate_s}
        self._ends_ms = 0
        self._steered: Wanted | None = None
        self._keys: Keys | None = None
        self._reloading = Reloading(
            control.master_socket, control.take_snapshot, control.renew, control.watched, young_s=control.young_s
        )
        self._booked_ms = 0
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._telling: asyncio.Queue[Coroutine[Any, Any, None]] = asyncio.Queue()
        self._unread = 0

    async def run(self) -> None:
        """For ever. Raises OSError where the lines' socket cannot be made."""
        await self._remember()
        await self._collector.listen(self._control.lines_socket)
        telling = asyncio.create_task(self._tell())
        try:
            while True:
                began = time.monotonic()
                await self.turn()
                if telling.done():
                    telling.result()
                await asyncio.sleep(max(0.05, _SECOND - (time.monotonic() - began)))
        finally:
            telling.cancel()
            self._collector.close()

    async def _remember(self) -> None:
        """What the loop before knew, as far as HAProxy remembers it."""
        try:
            self._networks.add_good(*await asyncio.to_thread(steering.known_networks, self._runtime))
            if self._floods.flood is not None:
                now_ms = _now_ms()
                self._addresses.add(await asyncio.to_thread(sources.senders, self._runtime, now_ms // 1000))
                self._booked_ms = now_ms
        except Unavailable:
            log.info("HAProxy is not there yet")

    async def _tell(self) -> None:
        """One thing after the other, so that a chain's links arrive in their order."""
        while True:
            deed = await self._telling.get()
            try:
                await deed
            except (SeifasError, OSError) as error:
                log.error("evidence of a flood was not told", extra={"error": type(error).__name__})

    async def turn(self) -> None:
        """One second's work."""
        at, ms = time.monotonic(), _now_ms()
        self._count(at, ms)
        await self._gauge(at)
        for name in _NAMES:
            self._decide(name, at, ms)
        self._works = work.step(self._works, sum(one.passed for one in self._recents.values()), at)
        await self._steer(at)
        if ms // _MINUTE_MS != self._minute_ms // _MINUTE_MS:
            self._end_minute(at, ms)
        if self._is_due("tell", at, _TELL_S):
            self._background("tell", self._tell_state(ms))
        if self._is_due("files", at, _DROP_S):
            self._background("drop", self._drop(ms))
            self._reloading.look()
        if self._is_due("certificate", at, self._control.certificate_s):
            self._background("certificate", self._look_at_certificate())
        if self._is_due("snapshot", at, self._snapshot_every(at)):
            self._background("snapshot", self._reloading.take())
        seen = self._meters.seen
        if seen is not None and self._reloading.is_due(at, seen.info.uptime_s):
            holding = {name: one.mode for name, one in self._situations.items()}
            self._background("reload", self._reloading.reload(holding, self._works.target))

    def _snapshot_every(self, at: float) -> float:
        if at - self._began < _SNAPSHOT_S:  # the application may start later than this
            return _SNAPSHOT_FIRST_S
        return _SNAPSHOT_CALM_S if self._is_calm() else _SNAPSHOT_S

    def _is_calm(self) -> bool:
        return all(one.mode == Mode.CALM for one in self._situations.values())

    # Counting.

    def _count(self, at: float, ms: int) -> None:
        batch = self._collector.taken()
        if not batch:
            return
        lines, unread = parsed(batch)
        self._unread += unread
        # Lines that waited for this loop while HAProxy's table had them already.
        booked = bool(len(lines)) and int(lines.ms.max()) <= self._booked_ms
        for portion in portions(lines):
            self._count_portion(portion, at, ms // 1000, booked=booked)

    def _count_portion(self, portion: Portion, at: float, at_s: int, *, booked: bool) -> None:
        newcomers = 0
        calm = self._situations[_NAMES[portion.listener]].mode == Mode.CALM
        for table in portion.tables:
            if not len(table):
                continue
            fresh = self._addresses.add(table) if not booked else table.keys[:0]
            newcomers += self._networks.unknown(fresh, at_s)
            good = table.keys[(table.flags & GOOD) > 0]
            if len(good):
                self._networks.learn_good(good)
            self._networks.learn(table.keys if calm else good, at_s)
            if (total := self._floods.count_further()) is not None:
                total.add(table.keys)
        self._tallies[_NAMES[portion.listener]].add(portion, newcomers, at)

    async def _gauge(self, at: float) -> None:
        if not await self._meters.look(at):
            return
        self._steered = None
        four, six = self._networks.good()
        if len(four) or len(six):
            # Another worker: after a reload it knows them all, after a crash none.
            numbers = four.tolist(), six.tolist()
            self._background("remember", _quietly(steering.remember_networks, self._runtime, *numbers))

    # Deciding.

    def _decide(self, name: str, at: float, ms: int) -> None:
        recent = self._recents[name] = self._tallies[name].recent(at)
        usual = baseline.usual(self._baselines.get(name, Baseline()), ms)
        dropped = self._control.dropper.rate if self._control.dropper is not None and name == "public" else 0.0
        seen = Measured(
            sources=recent.sources, newcomers=recent.newcomers,
            usual_sources=usual.sources, usual_newcomers=usual.newcomers, usual_demand=usual.demand,
            knows_networks=at - self._began > _KNOWS_AFTER_S,
            demand=recent.demand + self._meters.rate("refused", name) + dropped,
            turned_away=recent.turned_away, queue_ms=recent.queue_ms,
            cpu=self._meters.cpu, connections=self._meters.rate("connections", name), requests=recent.requests,
        )
        before = self._situations[name]
        after, turn = modes.step(
            before, seen, self._control.rules, at=at, ms=ms, order=self._wishes.orders.get(name)
        )
        self._situations[name] = after
        self._strictest[name] = max(self._strictest[name], after.mode)
        if turn is not None:
            if turn.before == Mode.CALM:
                self._due.pop("snapshot", None)
            change = Change(name, ms, turn.before, turn.after, turn.why, turn.figures, turn.by_hand)
            log.warning("mode", extra={"listener": name, "mode": turn.after.name.lower(), "why": turn.why})
            self._telling.put_nowait(self._floods.changed(change, dict(self._situations)))

    async def _look_at_keys(self, at: float, file: Path) -> None:
        self._due["keys"] = at + _STEER_S
        if not file.exists():  # whoever starts HAProxy makes it
            return
        try:
            self._keys = await asyncio.to_thread(lane_keys.read_or_made, file, int(time.time()))
        except OSError as error:  # a full disk: the key of before goes on signing
            log.error("the lanes' keys were not renewed", extra={"error": type(error).__name__})
            return
        self._steered = None
        self._due["keys"] = at + _KEYS_S

    async def _steer(self, at: float) -> None:
        if self._control.keys is not None and at >= self._due.get("keys", 0.0):
            await self._look_at_keys(at, self._control.keys)
        wanted = Wanted({name: one.mode for name, one in self._situations.items()}, self._works.target, self._keys)
        if self._meters.seen is None or (wanted == self._steered and not self._is_due("steer", at, _STEER_S)):
            return
        try:
            await asyncio.to_thread(steering.steer, self._runtime, wanted)
            self._steered = wanted
        except SeifasError:
            self._steered = None

    # Minutes.

    def _end_minute(self, at: float, ms: int) -> None:
        seconds, over = at - self._minute_at, self._meters.minute()
        for name in _NAMES:
            minute = self._tallies[name].minute(
                begins_ms=self._minute_ms, seconds=seconds, mode=self._strictest[name],
                connections=over.served[name].connections, seen_requests=over.served[name].requests, cpu=over.cpu,
                uplink=over.uplink, clock_offset_ms=None, announcers=self._control.announcers,
            )
            self._telling.put_nowait(self._floods.minute(minute, dict(self._situations)))
            if self._strictest[name] == Mode.CALM and seconds > 50:
                strangers = minute.lanes["stranger"].outcomes
                learned = Usual(minute.distinct, minute.newcomers, sum(strangers.values()) / seconds)
                known = self._baselines.get(name, Baseline())
                self._baselines[name] = baseline.learned(known, self._minute_ms, learned)
            self._strictest[name] = self._situations[name].mode
        self._minute_ms, self._minute_at = ms, at
        if self._unread:
            log.warning("lines of HAProxy's log did not read", extra={"lines": self._unread})
            self._unread = 0
        if self._floods.flood is None:
            self._addresses.forget(ms // 1000 - _KEPT_CALM_S)
        if self._is_due("baseline", at, 600.0):
            self._background("baseline", _quietly(
                baseline.store, self._control.directory / "baseline.json", dict(self._baselines)
            ))

    # Telling, dropping, files.

    async def _tell_state(self, ms: int) -> None:
        try:
            wishes = await self._reporter.told(self.state(ms))
        except SeifasError:
            return
        if wishes.notice != self._wishes.notice:
            self._due.pop("snapshot", None)
            self._reloading.hurry()
        self._wishes = wishes

    def state(self, ms: int) -> State:
        """How the shield stands."""
        dropper = self._control.dropper
        return State(
            ms=ms, haproxy=self._meters.seen.info.version if self._meters.seen is not None else "",
            listeners={
                name: self._listener(self._situations[name], self._recents[name], name, ms) for name in self._recents
            },
            addresses=len(self._addresses), exact=self._addresses.exact, good=self._addresses.good,
            dropped_networks=dropper.size if dropper is not None else 0,
            cpu=self._meters.cpu, uplink=self._meters.uplink, certificate_ends_ms=self._ends_ms,
        )

    def _listener(self, now: Situation, recent: Recent, name: str, ms: int) -> ListenerState:
        usual = baseline.usual(self._baselines.get(name, Baseline()), ms)
        return ListenerState(
            mode=int(now.mode), since_ms=now.since_ms, why=now.why, figures=now.figures,
            overridden_until_ms=now.order.until_ms if now.order is not None else 0, lanes=recent.lanes,
            distinct_minute=int(recent.sources), distinct_usual=int(usual.sources), difficulty=self._works.hashes,
            queue_ms=round(recent.queue_ms, 1),
        )

    async def _look_at_certificate(self) -> None:
        with contextlib.suppress(SeifasError):
            self._ends_ms = await asyncio.to_thread(certificate.ends_ms, self._runtime)

    async def _drop(self, ms: int) -> None:
        dropper = self._control.dropper
        if dropper is None:
            return
        loud = None
        if self._meters.rate("connections") > _CONNECTING:
            with contextlib.suppress(SeifasError):
                loud = await asyncio.to_thread(sources.loud, self._runtime)
        await dropper.drop(None if self._is_calm() else self._addresses, self._networks, ms // 1000, loud=loud)

    def _is_due(self, what: str, at: float, every: float) -> bool:
        if at < self._due.get(what, 0.0):
            return False
        self._due[what] = at + every
        return True

    def _background(self, what: str, deed: Coroutine[Any, Any, None]) -> None:
        """Beside the loop; not a second time while the first one goes on."""
        running = self._tasks.get(what)
        if running is not None and not running.done():
            deed.close()
            return
        if running is not None and not running.cancelled() and running.exception() is not None:
            log.error("a deed of the shield failed", extra={"deed": what, "error": type(running.exception()).__name__})
        self._tasks[what] = asyncio.create_task(deed)


async def run(control: Control, reporter: Reporter) -> None:
    """The control loop, for ever."""
    control.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    await Loop(control, reporter).run()


async def _quietly(deed: Callable[..., object], *args: object) -> None:
    try:
        await asyncio.to_thread(deed, *args)
    except (SeifasError, OSError) as error:
        log.warning("left undone", extra={"deed": getattr(deed, "__name__", ""), "error": type(error).__name__})


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
