"""`seifas leaks plant` and `seifas leaks watch` against a served demo: what programs read of them, and how each
fails."""

import csv
import hashlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from leaks_stage import command, told

from seifas import settings as settings_module
from seifas.demo.secret import demo_passphrase_file
from seifas.drill.stage import Stage
from seifas.errors import Conflict, Invalid, Locked, Missing, Refused, SeifasError, Unavailable
from seifas.settings import Decoys, Watching

PAGE = b"<h1>35 of 24,000</h1><p>0.5 BTC until 2026-12-01</p>"
FIRST, LAST = "37060000100", "37060009999"


@pytest.fixture(scope="module")
def mailbox(places: Path) -> Path:
    made = places / f"mail-{os.urandom(4).hex()}"
    for part in (made, *(made / name for name in ("new", "cur", "tmp"))):
        part.mkdir()
        part.chmod(0o777)
    return made


@pytest.fixture(scope="module")
def stage(places: Path, small_clinic: Path, mailbox: Path) -> Iterator[Stage]:
    made = Stage(places / f"commands-{os.urandom(6).hex()}")
    made.copy_from(small_clinic)
    settings_module.write(made.data, settings_module.replaced(
        settings_module.load(made.data), watching=Watching(own_network=True),
        decoys=Decoys(mail_domain="pastas.example", phone_first=FIRST, phone_last=LAST, maildir=str(mailbox)),
    ))  # fmt: skip
    made.start()
    yield made
    made.remove()


class _Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(PAGE)))
        self.end_headers()
        self.wfile.write(PAGE)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Page) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def refused(done: subprocess.CompletedProcess[bytes], error: type[SeifasError], where: str | None = None) -> None:
    """One JSON object that says what is wrong, and its exit status."""
    assert done.returncode == error.exit_status, (done.stdout, done.stderr[-800:])
    said = json.loads(done.stdout)
    assert said["error"] == error.code
    assert said["message"]
    if where is not None:
        assert said["where"] == where


def until(fits: Callable[[], Any], seconds: float = 60) -> Any:
    give_up = time.monotonic() + seconds
    while not (found := fits()):
        assert time.monotonic() < give_up, "it did not come so far"
        time.sleep(0.3)
    return found


def sets(stage: Stage) -> list[dict[str, Any]]:
    with stage.admin() as admin:
        found: list[dict[str, Any]] = admin.call("decoy.admin_list")
        return found


def open_cases(stage: Stage) -> int:
    with stage.admin() as admin:
        return sum(not one["closed_ms"] for one in admin.call("leak.admin_cases"))


def test_the_decoys_of_an_export_are_told_once(stage: Stage) -> None:
    made = told(command(stage, "plant", "--label", "draudikas 2026-11", "--count", "7"))
    assert set(made) == {"export", "people"}
    assert len(bytes.fromhex(made["export"])) == 16
    assert len(made["people"]) == 7
    for one in made["people"]:
        assert set(one) == {"patient", "family", "given", "birth", "sex", "email", "phone"}
        assert one["family"]
        assert one["given"]
        assert one["sex"] in ("male", "female")
        assert one["email"].endswith("@pastas.example")
        assert int(FIRST) <= int(one["phone"]) <= int(LAST)
    assert len({one["email"] for one in made["people"]}) == 7
    (kept,) = [one for one in sets(stage) if one["export"].hex() == made["export"]]
    assert (kept["label"], kept["kind"], kept["count"], kept["rung_ms"]) == ("draudikas 2026-11", "export", 7, 0)
    assert "people" not in kept


def test_decoys_for_a_list_are_a_private_file(stage: Stage, tmp_path: Path) -> None:
    out = tmp_path / "decoys.csv"
    made = told(command(stage, "plant", "--label", "sąrašas", "--count", "3", "--out", str(out)))
    assert out.stat().st_mode & 0o777 == 0o600
    rows = list(csv.DictReader(out.read_text(encoding="utf-8").splitlines()))
    assert [list(one) for one in rows] == [["family", "given", "birth", "sex", "email", "phone"]] * 3
    assert [one["email"] for one in rows] == [one["email"] for one in made["people"]]


def test_nothing_is_planted_where_the_order_is_wrong(stage: Stage, tmp_path: Path) -> None:
    before, there = len(sets(stage)), tmp_path / "there.csv"
    there.write_text("mine")
    link = tmp_path / "link.csv"
    link.symlink_to(tmp_path / "elsewhere.csv")
    refused(command(stage, "plant", "--label", "x" * 81), Invalid, "label")
    refused(command(stage, "plant", "--label", "a\u202eb"), Invalid, "label")
    refused(command(stage, "plant", "--label", ""), Invalid, "label")
    for count in ("0", "51", "100000000000"):
        refused(command(stage, "plant", "--label", "fine", "--count", count, "--out", str(tmp_path / "n.csv")), Invalid)
    refused(command(stage, "plant", "--label", "fine", "--out", str(there)), Invalid, "--out")
    refused(command(stage, "plant", "--label", "fine", "--out", str(link)), Invalid, "--out")
    refused(
        command(stage, "plant", "--label", "fine", "--canaries", "--out", str(tmp_path / "n.csv")), Invalid, "--out"
    )
    refused(command(stage, "plant", "--label", "fine", "--out", str(tmp_path / "no" / "n.csv")), Invalid, "--out")
    assert command(stage, "plant").returncode == Invalid.exit_status  # no label
    assert there.read_text() == "mine"
    assert sorted(os.listdir(tmp_path)) == ["link.csv", "there.csv"]
    assert len(sets(stage)) == before


def test_canaries_are_told_to_nobody(stage: Stage) -> None:
    made = told(command(stage, "plant", "--label", "kanarėlės", "--count", "2", "--canaries"))
    assert made["people"] == []
    (kept,) = [one for one in sets(stage) if one["export"].hex() == made["export"]]
    assert (kept["kind"], kept["count"]) == ("canary", 2)


def test_it_says_so_in_words_too(stage: Stage) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "seifas.cli.main", "leaks", "plant", "--label", "žodžiai", "--count", "2", "--data",
         str(stage.data)], capture_output=True, check=False, timeout=120, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert done.returncode == 0
    assert done.stderr.decode().count("@pastas.example") == 2


def test_mail_to_a_decoy_is_heard_of(stage: Stage, mailbox: Path) -> None:
    made = told(command(stage, "plant", "--label", "paštas", "--count", "1"))
    (mailbox / "tmp" / "one").write_bytes(f"To: {made['people'][0]['email'].upper()}\r\n\r\nkaina 500".encode())
    (mailbox / "tmp" / "one").chmod(0o644)
    (mailbox / "tmp" / "one").rename(mailbox / "new" / "one")
    until(lambda: [one for one in sets(stage) if one["export"].hex() == made["export"] and one["rung_ms"]])
    until(lambda: os.listdir(mailbox / "cur") == ["one:2,S"])


def test_an_address_is_watched(stage: Stage, url: str) -> None:
    made = told(command(stage, "watch", url, f"{url}/b", "--every", "1"))
    assert set(made) == {"added", "watches"}
    assert len(made["added"]) == 2
    assert {one["id"] for one in made["watches"]} >= set(made["added"])

    def looked() -> dict[str, Any] | None:
        again = told(command(stage, "watch"))
        assert again["added"] == []
        return next((one for one in again["watches"] if one["id"] == made["added"][0] and one["changes"]), None)

    found = until(looked)
    assert (found["url"], found["every_min"], found["trouble"], found["stopped_ms"]) == (url, 1, "", 0)
    assert found["changes"][0]["sha256"] == hashlib.sha256(PAGE).hexdigest()
    assert (found["changes"][0]["prices"], found["changes"][0]["deadlines"]) == (["0.5 BTC"], ["2026-12-01"])
    with stage.admin() as admin:
        case = admin.call("leak.admin_status", case=bytes.fromhex(found["case"]))
        assert case["files"][0]["sha256"] == hashlib.sha256(PAGE).digest()
    done = command(stage, "watch", url, "--case", found["case"])
    refused(done, Conflict, "url")
    with stage.admin() as admin:
        admin.call("leak.admin_close", case=bytes.fromhex(found["case"]))
    refused(command(stage, "watch", f"{url}/c", "--case", found["case"]), Refused, "leak-closed")


def test_what_cannot_be_watched_leaves_no_case_behind(stage: Stage, url: str) -> None:
    before = open_cases(stage)
    for address in ("ftp://x.lt/", "http://user:pass@x.lt/", "x.lt", "http://", "http://x.lt/ą", "file:///etc/passwd"):
        refused(command(stage, "watch", address), Invalid, "url")
    refused(command(stage, "watch", url, "--every", "0"), Invalid, "every_min")
    refused(command(stage, "watch", url, "--every", "1441"), Invalid, "every_min")
    refused(command(stage, "watch", url, "--case", "no such"), Invalid, "--case")
    refused(command(stage, "watch", url, "--case", os.urandom(16).hex()), Missing)
    assert open_cases(stage) == before


def test_a_clinic_that_is_not_served(make_stage: Callable[[], Stage]) -> None:
    quiet = make_stage()
    refused(command(quiet, "watch"), Unavailable)
    refused(command(quiet, "watch", "http://x.lt/"), Unavailable)
    assert len(told(command(quiet, "plant", "--label", "tylu", "--count", "1"))["people"]) == 1


def test_outside_a_demo_a_watch_needs_its_case(make_stage: Callable[[], Stage]) -> None:
    real = make_stage()
    settings_module.write(real.data, settings_module.replaced(settings_module.load(real.data), demo=False))
    real.start(wait=False)
    until((real.data / "run" / "admin.sock").exists)
    refused(command(real, "watch", "http://x.lt/", "--case", os.urandom(16).hex()), Locked)
    with real.admin() as admin:
        admin.call("admin.unlock", passphrase=demo_passphrase_file(real.data).read_text().strip(), witness=b"")
    real.wait_ready()
    refused(command(real, "watch", "http://x.lt/"), Invalid, "--case")
    refused(command(real, "watch", "http://x.lt/", "--case", os.urandom(16).hex()), Missing)
    assert told(command(real, "watch")) == {"added": [], "watches": []}
    assert open_cases(real) == 0
    planted = told(command(real, "plant", "--label", "tikra", "--count", "1"))
    assert (planted["people"][0]["email"], planted["people"][0]["phone"]) == ("", "")
