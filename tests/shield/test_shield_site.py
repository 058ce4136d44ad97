"""`seifas shield --upstream`: a site that is not ours behind the shield, as anyone would start it."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from small_site import Site, html, small_site
from typer.testing import CliRunner

from seifas.cli.main import app
from seifas.drill.stage import free_port
from seifas.errors import Invalid
from seifas.shield import haproxy, snapshots
from seifas.shield import site as other
from seifas.shield.front import starting
from seifas.shield.front.description import Front

COMMAND = [sys.executable, "-m", "seifas.cli.main", "shield"]
PUBLIC = {"Cache_Control": "public, max-age=60"}
PAGES = {
    "/": html('<a href="/kaina">x</a>', **PUBLIC),
    "/kaina": html("kaina", **PUBLIC),
    "/search": html("found", Cache_Control="no-store"),
    "/wp-login.php": html("sign in", Set_Cookie="wordpress=1; Path=/"),
}


def told(*args: str, fine: bool = True) -> dict:
    """The command run in this process, which spares what it takes to begin one."""
    done = CliRunner().invoke(app, ["shield", *args, "--json"])
    assert (done.exit_code == 0) == fine, (args, done.stdout, done.stderr)
    return {**json.loads(done.stdout), "exit": done.exit_code}


def asked(port: int, path: str, **headers: str) -> tuple[int, bytes, dict[str, str]]:
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read(), {name.lower(): value for name, value in answer.getheaders()}


def until(wanted: Callable[[], object], patience: float = 120.0, every: float = 0.2) -> None:
    end = time.monotonic() + patience
    while not wanted():
        assert time.monotonic() < end, "it never came"
        time.sleep(every)


class Served:
    def __init__(self, site: Site, port: int, state: Path, said: Path) -> None:
        self.site, self.port, self.state, self.said = site, port, state, said

    def mode(self) -> int:
        with contextlib.suppress(AssertionError, KeyError, ValueError):
            return int(told("status", "--state", str(self.state))["listeners"]["public"]["mode"])
        return -1


@contextlib.contextmanager
def standing(site: Site, state: Path) -> Iterator[Served]:
    """The shield before a site, until the end of the block."""
    said, port = state.with_name(state.name + ".said"), free_port()
    with said.open("wb") as out:
        process = subprocess.Popen(
            [*COMMAND, "--upstream", site.url, "--listen", f"127.0.0.1:{port}", "--state", str(state), "--no-drop"],
            stdout=out, stderr=out, stdin=subprocess.DEVNULL, start_new_session=True,
        )

        def listens() -> bool:
            with contextlib.suppress(OSError, http.client.HTTPException):
                return asked(port, "/")[0] == 200
            return False

        try:
            try:
                until(listens)
            except AssertionError:
                pytest.fail(f"it never listened: {said.read_text()[-2000:]}")
            yield Served(site, port, state, said)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(10)


@pytest.fixture(scope="module")
def served(places: Path) -> Iterator[Served]:
    state = places / "other-site"
    with small_site(dict(PAGES)) as site, standing(site, state) as made:
        until(lambda: (state / "run/shield/snapshot/index.json").exists() and made.mode() == 0)
        yield made


def test_a_page_that_haproxy_cannot_hold_keeps_it_from_nothing(tmp_path: Path) -> None:
    wanted = other.Site(upstream="http://127.0.0.1:9", listen="127.0.0.1:8480")
    start = starting.Start({"public": (f"127.0.0.1:{free_port()}",)}, 100)
    (tmp_path / "start.json").write_bytes(msgspec.json.encode(start))
    (tmp_path / "snapshot").mkdir()
    (tmp_path / "snapshot" / "page").write_bytes(b"x")
    program = haproxy.found()

    def written(kind: str) -> tuple[str, int]:
        shot = snapshots.Shot("/held", 200, "page", "", kind, "", ())

        def make(begun: starting.Start) -> Front:
            front = other.front_of(wanted, tmp_path, begun.binds, connections=begun.connections)
            return msgspec.structs.replace(front, shots=(shot,))

        starting.renew_sound(tmp_path, make, program)
        place = tmp_path / "haproxy.cfg"
        return place.read_text(), subprocess.run([str(program), "-c", "-q", "-f", str(place)], check=False).returncode

    text, status = written("text/html")
    assert ("/held" in text, status) == (True, 0)
    text, status = written("")  # HAProxy takes no empty kind
    assert ("/held" in text, status) == (False, 0)


def test_a_siege_by_hand_gives_pages_from_memory_and_challenges_the_rest(served: Served) -> None:
    assert asked(served.port, "/search")[1] == b"found"
    assert "wordpress" in asked(served.port, "/wp-login.php")[2]["set-cookie"]
    told("mode", "siege", "--state", str(served.state), "--minutes", "5")
    until(lambda: served.mode() == 2)
    # The pages come into HAProxy's memory with a reload, some seconds after the first start.
    # Slowly: who is challenged forty times in a row gets no answer.
    until(lambda: asked(served.port, "/kaina")[:2] == (200, b"kaina"), every=2.0)
    before = len(served.site.asked)
    assert asked(served.port, "/kaina")[:2] == (200, b"kaina")
    status, page, headers = asked(served.port, "/search")
    assert (status, "seifas_ask=" in headers["set-cookie"]) == (403, True)
    assert b"One moment" in page
    assert asked(served.port, "/kaina", Cookie="seifas_lane=1.staff.a.9999999999.000000000000." + "0" * 32)[0] == 200
    assert len(served.site.asked) == before, "nothing of it reached the site"
    told("mode", "auto", "--state", str(served.state))
    until(lambda: served.mode() < 2)
    assert asked(served.port, "/search")[0] in (200, 403)


def test_its_evidence_is_listed_and_opens_with_nothing_but_its_secret(served: Served, tmp_path: Path) -> None:
    told("mode", "guarded", "--state", str(served.state), "--minutes", "5")
    until(lambda: told("open", "--state", str(served.state))["floods"])
    flood = told("open", "--state", str(served.state))["floods"][0]
    secret = next(line for line in served.said.read_text().splitlines() if line.startswith("seifas-evidence-"))
    kept = tmp_path / "secret"
    kept.write_text(secret + "\n")
    here = ("--state", str(served.state))
    out = ("--out", str(tmp_path / "minutes.csv"), "--form", "minutes-csv")
    assert told("open", flood, *here, "--secret-file", str(kept), *out)["problems"] == []
    assert (tmp_path / "minutes.csv").exists()
    kept.write_text(secret[:-1] + ("a" if secret[-1] != "a" else "b"))
    assert told("open", flood, *here, "--secret-file", str(kept), "--out", str(tmp_path / "x"), fine=False)["exit"] == 2
    inside = ("--out", str(served.state / "clear.csv"))
    kept.write_text(secret)
    assert told("open", flood, *here, "--secret-file", str(kept), *inside, fine=False)["exit"] == 2
    assert told("open", "f" * 32, *here, "--secret-file", str(kept), *out, fine=False)["exit"] == 6
    assert not [one for one in served.state.rglob("*") if one.is_file() and secret.encode() in one.read_bytes()]


@pytest.mark.parametrize(
    "wrong", [
        ("--upstream", "ftp://a"), ("--upstream", "http://"), ("--upstream", "http://a/path"),
        ("--upstream", "http://127.0.0.1:9", "--listen", "0.0.0.0:8480"),
        ("--upstream", "http://127.0.0.1:9", "--certificate", "/nowhere.pem"),
        ("--upstream", "http://127.0.0.1:9", "--redirect", "127.0.0.1:80"), (),
    ],
)  # fmt: skip
def test_what_cannot_be_protected_is_said(wrong: tuple[str, ...], tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["shield", *wrong, "--state", str(tmp_path / "s")])
    assert done.exit_code == 2
    assert done.exception is None or isinstance(done.exception, SystemExit)
    assert not (tmp_path / "s").exists()


@pytest.mark.parametrize(
    "wrong", [
        {"upstream": "http://a:port"}, {"upstream": "http://a:99999"}, {"upstream": "http://[::1"}, {"upstream": ""},
        {"listen": "127.0.0.1:x"}, {"listen": "127.0.0.1:0"}, {"listen": ""}, {"host": "a b"}, {"host": "a\nb"},
        {"trusted_proxies": ("everybody",)}, {"trusted_proxies": ("10.0.0.1/8",)}, {"logins": ("wp-login.php",)},
        {"cached": ("",)},
    ],
)  # fmt: skip
def test_what_haproxy_would_refuse_is_said_before(wrong: dict[str, Any]) -> None:
    sound = other.Site(upstream="http://127.0.0.1:9", listen="127.0.0.1:8480", host="klinika.example")
    assert other.checked(sound) == sound
    with pytest.raises(Invalid):
        other.checked(msgspec.structs.replace(sound, **wrong))


def test_the_configuration_is_printed_or_laid_down_and_haproxy_takes_it(tmp_path: Path) -> None:
    args = ("render", "--upstream", "http://127.0.0.1:9", "--listen", "127.0.0.1:8480", "--host", "klinika.example")
    printed = subprocess.run([*COMMAND, *args], capture_output=True, check=True, timeout=60, cwd=tmp_path).stdout
    assert b"klinika.example" in printed
    assert list(tmp_path.iterdir()) == []
    there = tmp_path / "there"
    assert told(*args, "--to", str(there))["files"]
    assert {one.stat().st_mode & 0o077 for one in there.iterdir() if one.suffix != ".lock"} == {0}
    checked = subprocess.run(
        [str(haproxy.found()), "-c", "-f", str(there / "haproxy.cfg")], capture_output=True, check=False, timeout=60
    )
    assert checked.returncode == 0, checked.stderr
    assert told(*args, "--to", str(there), fine=False)["error"] == "conflict"
