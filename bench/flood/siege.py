"""A flood as it is lived through: noticed, answered, passed by newcomers, over, and told by its evidence.

One front in its own hands: 8,000 requests a second out of 100,000 addresses arrive in calm. How long until it is
noticed, until the siege; who gets to a page in it, as a browser with scripts, without, as a real Chromium; then the
flood stops, and the way back is watched while other parts go on. Calm begins after eight quiet seconds here instead of
ten minutes; the waits of the product are walked by tests/shield on a clock of their own.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from playwright.sync_api import Browser, Error, sync_playwright

from bench.figures import Bar, Figure, alone
from bench.flood import native
from bench.flood.ours import Ours
from bench.flood.servers import FIRST_VISITOR, FLOOD_CPU, VISITORS
from seifas.drill.flooding import Plan, Stream, flooding, get
from seifas.drill.newcomers import Newcomer, newcomers, reached_share
from seifas.errors import Unavailable
from seifas.shield import sealed_files
from seifas.shield.evidence import book, forms, lists
from seifas.shield.evidence.lists import Rule
from seifas.shield.model import Mode

RATE = 8_000
AT_ONCE = 6_000
SOURCES = 100_000
PATIENCE_S = 5.0
_CHROMIUM = "/usr/bin/chromium"
_SCRIPTED = "127.10.0.1"
_WAITING = "127.11.0.1"
_GUARDED = "127.12.0.1"


class OursFree(Ours):
    """As the loop decides, with a short way back."""

    mode = None
    calm_after = 8.0
    strangers = 0  # distinct addresses of the flood


def strangers(rate: float, seconds: float, server: Ours) -> Plan:
    """The flood, and visitors who have been here before."""
    return Plan("127.0.0.1", server.port, seconds, (
        Stream("strangers", rate, (get("/", "clinic.example"),), sources=SOURCES, at_once=AT_ONCE),
        Stream("good", 20, server.visitors(), FIRST_VISITOR, VISITORS, spread=False, wanted=server.wanted, whole=True),
    ), AT_ONCE + 500)  # fmt: skip


class OursGuarded(Ours):
    """Set to GUARDED by hand."""

    mode = Mode.GUARDED


class Calming:
    """Watches a server's modes from a thread, from the flood's end to calm."""

    def __init__(self, server: Ours) -> None:
        self.server = server
        self.began = time.monotonic()
        self.seconds: float | None = None
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def _watch(self) -> None:
        while not self._over.wait(0.5):
            with contextlib.suppress(Unavailable):
                if self.server.mode_now() == Mode.CALM:
                    self.seconds = time.monotonic() - self.began
                    return

    def wait(self, patience_s: float) -> float | None:
        """Seconds until calm; None where it did not come."""
        self._thread.join(max(0.0, self.began + patience_s - time.monotonic()))
        self._over.set()
        self._thread.join()
        return self.seconds


def busy_day(server: Ours, seconds: float, say: Callable[[str], None]) -> list[Figure]:
    """Ten times a normal day, all of them real: 200 requests a second of known visitors, 5 new ones a second."""
    plan = Plan("127.0.0.1", server.port, seconds, (
        Stream("known", 200, server.visitors(), FIRST_VISITOR, VISITORS, False, server.wanted, whole=True),
        Stream("new", 5, (get("/", "clinic.example"),), "127.13.0.1", 4096, wanted=server.wanted, whole=True),
    ))  # fmt: skip
    with flooding(plan, native.command(server.work.parent, FLOOD_CPU)) as running:
        tally = running.result()
    known, new = tally.of("known"), tally.of("new")
    mode = server.mode_now()
    say(f"busy day: known {known.good_share:.1%}, new {new.good_share:.1%}, mode {mode.name}")
    challenged = sum(count for status, count in known.statuses.items() if status == 403)
    return [
        alone("busy day, ten times normal: known visitors challenged", "", [challenged], Bar(at_most=0, unit="")),
        alone("busy day: known visitors served", "%", [100 * known.good_share], note=f"mode at its end: {mode.name}"),
        alone("busy day: new visitors served without a challenge", "%", [100 * new.good_share]),
    ]


def besieged(server: OursFree, seconds: float, say: Callable[[str], None]) -> list[Figure]:
    """From calm into the siege, and newcomers in it; the flood lasts `seconds`, at least 40."""
    with flooding(strangers(RATE, seconds, server), native.command(server.work.parent, FLOOD_CPU)) as running:
        began = time.monotonic()
        noticed = _entered(server, Mode.GUARDED, began)
        siege = _entered(server, Mode.SIEGE, began)
        say(f"noticed after {noticed:.1f} s, siege after {siege:.1f} s")
        left = began + seconds - 1 - time.monotonic()
        found = _newcomers(server, left, say)
        tally = running.result()
    good = tally.of("good")
    server.strangers = tally.of("strangers").distinct
    return [
        alone("flood noticed after (GUARDED)", "s", [noticed], Bar(at_most=10, unit="s")),
        alone("SIEGE after", "s", [siege], Bar(at_most=20, unit="s")),
        alone(
            f"returning visitors from calm into the siege, {RATE:,} requests/s", "%", [100 * good.good_share],
            Bar(at_least=100, unit="%"), f"p99 {good.p99:.0f} ms; {len(good.failed_at)} failed",
        ),
        *found,
    ]  # fmt: skip


def guarded(work: Path, seconds: float, say: Callable[[str], None]) -> list[Figure]:
    """The same in GUARDED, set by hand."""
    server = OursGuarded(work)
    try:
        server.start()
        with flooding(strangers(RATE, seconds, server), native.command(work, FLOOD_CPU)) as running:
            time.sleep(1.5)
            visits = newcomers(
                "127.0.0.1", server.port, "/", server.wanted, number=max(20, int(10 * (seconds - 7))), per_second=10,
                first=_GUARDED, patience_s=PATIENCE_S, name="clinic.example",
            )  # fmt: skip
            tally = running.result()
    finally:
        server.stop()
    good = tally.of("good")
    say(f"guarded: newcomers {reached_share(visits):.1%} {_times(visits)}, good {good.good_share:.1%}")
    return [
        alone(
            f"newcomers who reach a page within {PATIENCE_S:.0f} s in GUARDED, {RATE:,} requests/s", "%",
            [100 * reached_share(visits)], Bar(at_least=60, unit="%"),
            f"{len(visits)} visits, {sum(one.asked for one in visits)} challenged, {_times(visits)}",
        ),
        alone("returning visitors meanwhile", "%", [100 * good.good_share], Bar(at_least=100, unit="%")),
    ]  # fmt: skip


def over(server: OursFree, calming: Calming, say: Callable[[str], None]) -> list[Figure]:
    """The way back, and what the sealed evidence says of it all."""
    took = calming.wait(110.0)
    time.sleep(3.0)  # the book is sealed after the mode has changed
    floods = sealed_files.floods(server.directory)
    flood = sealed_files.opened(server.directory, floods[0], server.secret)
    modes = [f"{Mode(one.before).name}>{Mode(one.after).name}" for one in flood.changes if one.listener == "public"]
    say(f"calm after {took} s; changes {' '.join(modes)}")
    told = book.joined(flood.parts)
    sent = server.strangers + VISITORS + len(server.seen)
    rule = Rule(turned_at_least=1)
    text = forms.cidr(lists.chosen(told, rule), rule, told.made_ms).decode()
    listed = {line.split("/")[0] for line in text.split()}
    good = {f"127.8.0.{number + 1}" for number in range(VISITORS)}
    figures = [
        alone("changes of mode, from calm to calm", "", [len(modes)], Bar(at_most=4, unit=""), ", ".join(modes)),
        alone(
            "distinct addresses, error of the evidence", "%", [100 * abs(told.distinct / sent - 1)],
            Bar(at_most=1, unit="%"), f"{told.distinct:,} told, {sent:,} sent; exact: {told.exact}",
        ),
        alone("good visitors in lists to block", "", [len(good & listed)], Bar(at_most=0, unit=""),
              f"{len(listed):,} lines in the list"),
    ]  # fmt: skip
    if took is not None:
        figures.insert(0, alone("back in CALM after the flood's last request", "s", [took],
                                note="two waits of 8 s, and a minute until the window of distinct addresses is empty"))
    else:
        figures.insert(0, alone("back in CALM within 110 s (1: yes)", "", [0], Bar(at_least=1, unit="")))
    return figures


def _entered(server: Ours, mode: Mode, began: float, patience_s: float = 30.0) -> float:
    while time.monotonic() - began < patience_s:
        with contextlib.suppress(Unavailable):
            if server.mode_now() >= mode:
                return time.monotonic() - began
        time.sleep(0.1)
    return patience_s


def _newcomers(server: Ours, seconds: float, say: Callable[[str], None]) -> list[Figure]:
    """Newcomers of all kinds for so many seconds, first Python's, then Chromium, for they share the flood's core."""
    until = time.monotonic() + seconds
    of_python = max(4.0, seconds * 0.5)
    found: dict[bool, tuple[Newcomer, ...]] = {}

    def come(script: bool, per_second: float, first: str) -> None:
        found[script] = newcomers(
            "127.0.0.1", server.port, "/", server.wanted, number=int(per_second * of_python), per_second=per_second,
            first=first, script=script, patience_s=PATIENCE_S, name="clinic.example",
        )  # fmt: skip

    threads = [
        threading.Thread(target=come, args=one) for one in ((True, 8.0, _SCRIPTED), (False, 8.0, _WAITING))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    chromium: dict[bool, list[float]] = {True: [], False: []}
    with _browser() as browser:
        while time.monotonic() < until - PATIENCE_S or not chromium[False]:
            script = len(chromium[True]) <= 4 * len(chromium[False])
            chromium[script].append(_chromium_visit(browser, server, script=script))
    server.seen = (*found[True], *found[False])
    bar = Bar(at_least=99, unit="%")
    figures = []
    for script, word in ((True, "with scripts"), (False, "without scripts")):
        visits, times = found[script], chromium[script]
        reached = 100 * sum(one <= PATIENCE_S for one in times) / len(times)
        seconds_of = [round(one, 1) for one in times]
        say(f"siege, {word}: {reached_share(visits):.1%}, {_times(visits)}; Chromium {seconds_of}")
        figures += [
            alone(f"newcomers {word} who reach a page within {PATIENCE_S:.0f} s in SIEGE", "%",
                  [100 * reached_share(visits)], bar, f"{len(visits)} visits, {_times(visits)}"),
            alone(f"Chromium {word}, the same", "%", [reached], bar,
                  f"{len(times)} fresh browsers, slowest {max(times):.1f} s"),
        ]  # fmt: skip
    return figures


def _times(visits: Sequence[Newcomer]) -> str:
    times = sorted(one.seconds for one in visits if one.reached)
    return f"median {times[len(times) // 2]:.2f} s, slowest {times[-1]:.2f} s" if times else "none reached it"


@contextlib.contextmanager
def _browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_CHROMIUM, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


def _chromium_visit(browser: Browser, server: Ours, *, script: bool) -> float:
    """Seconds until a fresh browser shows the page; 60 where it does not."""
    context = browser.new_context(java_script_enabled=script)
    try:
        page = context.new_page()
        began = time.monotonic()
        try:
            page.goto(f"http://127.0.0.1:{server.port}/", wait_until="commit", timeout=PATIENCE_S * 1000)
            page.get_by_text(server.wanted.decode()).wait_for(timeout=2 * PATIENCE_S * 1000)
        except Error:
            return 60.0
        return time.monotonic() - began
    finally:
        context.close()


