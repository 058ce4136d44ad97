"""Watched addresses: fetched from a real server, through a real proxy; kept as evidence; rung when they change."""

from __future__ import annotations

import asyncio
import hashlib
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from example_counts import of_whole
from hypothesis import given, settings
from hypothesis import strategies as st
from keeper_rig import Asked, Clocks, Rig
from leak_rig import GROUND, LeakClinic, Run, running
from socks_proxy import proxy

from seifas.errors import Conflict, Invalid, Missing, OverBudget, Refused, SeifasError
from seifas.jobs import fetching, page_changes
from seifas.jobs.fetching import fetch
from seifas.jobs.watching import letters, look
from seifas.keeper import watching_leaks
from seifas.settings import Settings, Watching

PAGE = "<html><style>p{{}}</style><body><h1>Leak</h1><p>35 of 24,000</p><p>Price: 0.5 BTC</p>{}</body></html>"
HOME = Watching(own_network=True)


class Site(ThreadingHTTPServer):
    daemon_threads = True
    page: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    status = 200
    asked: list[dict[str, str]]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Pages(BaseHTTPRequestHandler):
    server: Site

    def do_GET(self) -> None:
        self.server.asked.append({"path": self.path, **dict(self.headers.items())})
        self.send_response(self.server.status)
        for name, value in self.server.headers:
            self.send_header(name, value)
        self.end_headers()
        try:
            if self.path == "/drip":
                for _ in range(400):
                    self.wfile.write(b"x")
                    time.sleep(0.05)
            self.wfile.write(self.server.page)
        except OSError:
            pass

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def site() -> Iterator[Site]:
    with Site(("127.0.0.1", 0), _Pages) as server:
        server.page, server.asked = PAGE.format("").encode(), []
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join(5)


# -- fetching


def test_a_page_is_fetched_without_cookies_or_our_name(site: Site) -> None:
    site.headers = (("Set-Cookie", "who=clinic"), ("Content-Type", "text/html; charset=windows-1257"))
    for _ in range(2):
        found = fetch(f"{site.url}/leak?page=2", HOME)
    assert (found.status, found.body, found.charset, found.trouble) == (200, site.page, "windows-1257", "")
    assert [one["path"] for one in site.asked] == ["/leak?page=2"] * 2
    assert not any("Cookie" in one or "seifas" in str(one).lower() for one in site.asked)


def test_names_are_resolved_by_the_proxy(site: Site) -> None:
    place = ("127.0.0.1", int(site.server_address[1]))
    with proxy({"samplexyz.onion": place}) as tor:
        settings = Watching(proxy=tor.url)
        assert fetch("http://samplexyz.onion/sample", settings).body == site.page
        assert tor.asked == [("samplexyz.onion", 80)]
        assert fetch("http://gone.onion/", settings).trouble == "no-answer"
    assert site.asked[0]["Host"] == "samplexyz.onion"
    assert fetch("http://samplexyz.onion/", settings).trouble == "no-answer"  # the proxy is gone: never past it
    assert fetch("http://samplexyz.onion/", Watching()).trouble == "needs-proxy"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "10.0.0.1", "192.168.1.1", "169.254.169.254",
                                  "0.0.0.0", "[::ffff:127.0.0.1]", "2130706433"])  # fmt: skip
def test_the_clinics_own_network_is_refused(site: Site, host: str) -> None:
    found = fetch(f"http://{host}:{site.server_address[1]}/", Watching())
    assert found.status == 0
    assert found.trouble in ("own-network", "no-answer")
    assert not site.asked


def test_a_redirect_leads_to_the_same_host_only(site: Site) -> None:
    site.status, site.headers = 302, (("Location", "http://127.0.0.2:1/"),)
    assert fetch(site.url, HOME).trouble == "moved-elsewhere"
    site.headers = (("Location", "file:///etc/passwd"),)
    assert fetch(site.url, HOME).trouble in ("moved-elsewhere", "address")
    site.headers = (("Location", "/again"),)
    assert fetch(site.url, HOME).trouble == "redirects"
    assert len(site.asked) == 6


def test_a_page_without_end_is_left(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.page = b"x" * (fetching.MOST + 1)
    assert fetch(site.url, HOME).trouble == "too-large"
    monkeypatch.setattr(fetching, "_WHOLE_S", 0.5)
    assert fetch(f"{site.url}/drip", HOME).trouble == "too-slow"


@pytest.mark.parametrize("url", ["", "http://", "http://:80/", "ftp://x/", "http://a b/", "http://[::1", "js:1"])
def test_what_is_no_address_is_no_crash(url: str) -> None:
    assert fetch(url, HOME).status == 0


# -- what has changed


def test_prices_and_dates_are_read_out() -> None:
    page = page_changes.read(
        "<p>Bundle 300 000 EUR or 113.5 BTC, €50 each</p><script>99 EUR</script><p>until 2017-03-31 18:00, "
        "liko 3 dienos</p>".encode()
    )
    assert page.prices == ("300 000 EUR", "113.5 BTC", "€50")
    assert page.deadlines == ("2017-03-31 18:00", "3 dienos")
    assert page.lines == ("Bundle 300 000 EUR or 113.5 BTC, €50 each", "until 2017-03-31 18:00, liko 3 dienos")


def test_changes_are_counted_by_lines() -> None:
    before, now = page_changes.read(b"one\ntwo\ntwo\nthree"), page_changes.read(b"two\none\nfour")
    assert page_changes.changed(before, now) == (1, 2)
    assert page_changes.changed(now, now) == (0, 0)


@settings(max_examples=of_whole(200), deadline=None)
@given(st.one_of(st.binary(max_size=2000), st.text("<>!-&;/ scriptyle\n€0123 BTC", max_size=400).map(str.encode)),
       st.sampled_from(["", "utf-8", "utf-16", "windows-1257", "no-such", "\x00"]))  # fmt: skip
def test_any_bytes_are_a_page(body: bytes, charset: str) -> None:
    page = page_changes.read(body, charset)
    assert len(page.prices) <= 12
    assert all(line.strip() for line in page.lines)


# -- what the keeper makes of it


class Bridge:
    """The keeper's client as the jobs process has it, over a keeper in this process."""

    def __init__(self, asked: Asked) -> None:
        self._asked, self._loop = asked, asyncio.get_running_loop()

    def call(self, name: str, **args: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(self._asked.op("jobs", name, **args), self._loop).result(30)


@pytest.fixture
def run(rig: Rig, clocks: Clocks) -> Run:
    return running(rig, clocks)


def house(asked: Asked) -> Settings:
    return Settings(clinic=asked.keeper.settings.clinic, watching=HOME)


def test_a_changed_page_is_kept_and_rings(run: Run, site: Site) -> None:
    async def deed(clinic: LeakClinic) -> None:
        asked, officer = clinic.asked, await clinic.session("vyr")
        case = (await asked.desk("leak.begin", session=officer, title="Sample", ground=GROUND))["case"]
        await asked.desk("watch.add", session=officer, case=case, url=f"{site.url}/x", every_min=5)
        client: Any = Bridge(asked)
        alarms = asked.keeper.alarms

        async def looked() -> int:
            due = await asked.op("jobs", "watch.due")
            for one in due:
                await asyncio.to_thread(look, client, one, house(asked))
            return len(due)

        def rung(kind: str) -> list[str]:
            return [one.text for one in alarms.all() if one.kind == kind]

        assert [await looked(), await looked()] == [1, 0]
        assert not rung("watch-changed")
        clinic.clocks.run(6 * 60_000)
        assert await looked() == 1  # the same page: looked at, not kept again
        site.page = PAGE.format("<p>Price: 0.7 BTC until 2026-12-01</p>").replace("0.5", "0.6").encode()
        clinic.clocks.run(6 * 60_000)
        await looked()
        officer = await clinic.session("vyr")
        told = (await asked.desk("watch.list", session=officer))[0]
        assert [one["prices"] for one in told["changes"]] == [("0.6 BTC", "0.7 BTC"), ("0.5 BTC",)]
        assert told["changes"][0]["added"] == 2
        assert told["changes"][0]["sha256"] == hashlib.sha256(site.page).digest()
        assert "0.5 BTC" in rung("watch-changed")[0]
        assert "0.7 BTC" in rung("watch-changed")[0]
        files = (await asked.desk("leak.status", session=officer, case=case))["files"]
        assert [one["size"] for one in files] == [len(PAGE.format("")), len(site.page)]
        kept = await asked.op("jobs", "watch.previous", id=told["id"])
        assert kept["body"] == site.page
        site.shutdown()
        site.server_close()
        for _ in range(5):
            clinic.clocks.run(6 * 60_000)
            assert await looked() == 1
        assert len(rung("watch-silent")) == 1
        officer = await clinic.session("vyr")
        assert (await asked.desk("watch.list", session=officer))[0]["trouble"] == "no-answer"
        await asked.desk("leak.close", session=officer, case=case)
        clinic.clocks.run(6 * 60_000)
        assert await looked() == 0
        assert (await asked.op("jobs", "watch.previous", id=told["id"]))["body"] == b""
        with pytest.raises(Missing):
            await asked.op("jobs", "watch.fetched", id=told["id"], status=200, body=b"late")

    run(deed)


def test_who_may_watch_and_what(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    async def deed(clinic: LeakClinic) -> None:
        asked, officer = clinic.asked, await clinic.session("vyr")
        case = (await asked.desk("leak.begin", session=officer, title="Sample", ground=GROUND))["case"]
        for name in ("gydytoja", "slaugytoja", "registratore", "adminas", "tikrintoja"):
            other = await clinic.session(name)
            for op, args in (("watch.add", {"case": case, "url": "http://x.lt/"}), ("watch.list", {}),
                             ("watch.stop", {"id": bytes(16)})):  # fmt: skip
                with pytest.raises(Refused):
                    await asked.desk(op, session=other, **args)
        for url in ("", "x.lt", "file:///etc/passwd", "http://user:pass@x.lt/", "http://x.lt/ a", "http://", "gopher://x/",
                    "http://x.lt/\na", "http://x:99999/", "http://" + "x" * 3000, "http://žąsis.lt/"):  # fmt: skip
            with pytest.raises(Invalid):
                await asked.desk("watch.add", session=officer, case=case, url=url)
        with pytest.raises(Missing):
            await asked.desk("watch.add", session=officer, case=bytes(16), url="http://x.lt/")
        made = await asked.desk("watch.add", session=officer, case=case, url="http://x.lt/")
        with pytest.raises(Conflict):
            await asked.desk("watch.add", session=officer, case=case, url="http://x.lt/")
        monkeypatch.setattr(watching_leaks, "MOST_WATCHES", 1)
        with pytest.raises(OverBudget):
            await asked.desk("watch.add", session=officer, case=case, url="http://y.lt/")
        await asked.desk("watch.stop", session=officer, id=made["id"])
        assert await asked.op("jobs", "watch.due") == []

    run(deed)


def test_a_page_that_always_changes_leaves_room_for_evidence(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    async def deed(clinic: LeakClinic) -> None:
        monkeypatch.setattr(watching_leaks, "MOST_FILES", 103)
        asked, officer = clinic.asked, await clinic.session("vyr")
        case = (await asked.desk("leak.begin", session=officer, title="Sample", ground=GROUND))["case"]
        made = await asked.desk("watch.add", session=officer, case=case, url="http://x.lt/")
        for number in range(9):
            kept = await asked.op("jobs", "watch.fetched", id=made["id"], status=200, body=b"%d" % number)
            assert kept == {"kept": number < 3}
        assert len(asked.keeper.leaks.files_of(case)) == 3
        (told,) = await asked.desk("watch.list", session=officer)
        assert (told["trouble"], told["failed"]) == ("case-full", 6)
        assert ["no room" in one.text for one in asked.keeper.alarms.all() if one.kind == "watch-silent"] == [True]
        assert await clinic.leaks("file_begin", case=case, name="sample.csv", size=10, session=officer)

    run(deed)


def test_a_change_just_before_keeps_no_price_quiet(run: Run) -> None:
    async def deed(clinic: LeakClinic) -> None:
        asked, officer = clinic.asked, await clinic.session("vyr")
        case = (await asked.desk("leak.begin", session=officer, title="Sample", ground=GROUND))["case"]
        made = await asked.desk("watch.add", session=officer, case=case, url="http://x.lt/", every_min=1)

        async def came(body: bytes, price: str) -> None:
            await asked.op("jobs", "watch.fetched", id=made["id"], status=200, body=body, prices=(price,))

        def rung() -> list[str]:
            alarms = (one for one in asked.keeper.alarms.all() if one.kind == "watch-changed")
            return [one.text for one in sorted(alarms, key=lambda one: one.raised_ms)]

        await came(b"first", "1 BTC")
        await came(b"harmless", "1 BTC")
        clinic.clocks.run(60_000)
        await came(b"dearer", "9 BTC")
        assert len(rung()) == 1  # the one before is live: repeating would bury others
        clinic.clocks.run(5 * 60_000)
        await came(b"dearer", "9 BTC")
        assert len(rung()) == 1
        clinic.clocks.run(6 * 60_000)
        for _ in range(2):
            await came(b"dearer", "9 BTC")
        assert len(rung()) == 2
        assert "9 BTC" in rung()[1]

    run(deed)


def test_a_page_puts_no_words_into_alarms(run: Run) -> None:
    async def deed(clinic: LeakClinic) -> None:
        asked, officer = clinic.asked, await clinic.session("vyr")
        case = (await asked.desk("leak.begin", session=officer, title="Sample", ground=GROUND))["case"]
        made = await asked.desk("watch.add", session=officer, case=case, url="http://x.lt/")
        for body, price in ((b"a", "1 EUR"), (b"b", "<a href='http://evil'>2 EUR</a>")):
            await asked.op("jobs", "watch.fetched", id=made["id"], status=200, body=body, prices=(price, "x" * 41))
        texts = " ".join(one.text for one in asked.keeper.alarms.all())
        assert "evil" not in texts
        assert "xxx" not in texts

    run(deed)


def test_mail_to_a_decoy_rings(run: Run, tmp_path: Path) -> None:
    maildir = tmp_path / "mail"
    for part in ("new", "cur", "tmp"):
        (maildir / part).mkdir(parents=True)

    async def deed(clinic: LeakClinic) -> None:
        asked = clinic.asked
        known: list[str] = []

        class Told(Bridge):
            def call(self, name: str, **args: Any) -> Any:
                known.append(args["address"])
                return super().call(name, **args)

        (maildir / "new" / "1").write_bytes(b"To: Ona <ona.k@decoys.example>, x@y.lt\r\nSubject: hi\r\n\r\nbody")
        (maildir / "new" / "2").write_bytes(b"\x00\xff broken" * 50)
        client: Any = Told(asked)
        await asyncio.to_thread(letters, client, maildir)
        assert known == ["ona.k@decoys.example", "x@y.lt"]
        assert not list((maildir / "new").iterdir())
        assert len(list((maildir / "cur").iterdir())) == 2

    run(deed)


def test_jobs_answer_is_bounded(run: Run) -> None:
    async def deed(clinic: LeakClinic) -> None:
        asked, officer = clinic.asked, await clinic.session("vyr")
        case = (await asked.desk("leak.begin", session=officer, title="Sample", ground=GROUND))["case"]
        made = await asked.desk("watch.add", session=officer, case=case, url="http://x.lt/")
        for args in ({"status": 1000, "body": b"x"}, {"status": -1}, {"status": 0, "trouble": "x" * 41},
                     {"status": 200, "body": bytes(4 * 1024 * 1024 + 1)}):  # fmt: skip
            with pytest.raises(SeifasError):
                await asked.op("jobs", "watch.fetched", id=made["id"], **args)

    run(deed)
