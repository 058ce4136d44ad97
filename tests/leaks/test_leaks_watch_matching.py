"""A watched page that changed is matched by itself where two people's yes covers it, and waits where none does."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from keeper_rig import Clocks, Rig
from leak_rig import GROUND, LeakClinic, Run, running
from leaks_stage import PEOPLE, command, door_as, registered, strangers, told

from seifas import settings as settings_module
from seifas.drill.stage import Stage
from seifas.errors import Invalid, Missing, Refused
from seifas.keeper.door import OPS
from seifas.leaks.results import Matched, read
from seifas.settings import Watching


def page(rows: list[tuple[str, ...]]) -> bytes:
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    head = "<tr><th>Surname</th><th>Name</th><th>Born</th></tr>"
    return f'<meta charset="utf-8"><h1>Sample</h1><table>{head}{body}</table>'.encode()


class _Pages(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = self.server.page  # type: ignore[attr-defined]
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def site() -> Iterator[ThreadingHTTPServer]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Pages) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture(scope="module")
def stage(places: Path, small_clinic: Path) -> Iterator[Stage]:
    made = Stage(places / f"watched-{os.urandom(6).hex()}")
    made.copy_from(small_clinic)
    settings_module.write(made.data, settings_module.replaced(
        settings_module.load(made.data), watching=Watching(own_network=True),
    ))  # fmt: skip
    made.start()
    yield made
    made.remove()


def test_a_page_that_names_patients_is_matched_without_a_click(stage: Stage, site: ThreadingHTTPServer) -> None:
    ids = registered(stage)
    site.page = page([*PEOPLE[:3], *((*one[:3],) for one in strangers(2))])  # type: ignore[attr-defined]
    made = told(command(stage, "watch", f"http://127.0.0.1:{site.server_address[1]}/leak", "--every", "1"))
    case = bytes.fromhex(made["watches"][0]["case"])

    def results() -> list[dict[str, Any]]:
        with stage.admin() as admin:
            return [one for one in admin.call("leak.admin_status", case=case)["results"] if one["kind"] == "match"]

    give_up = time.monotonic() + 60
    while not results():
        assert time.monotonic() < give_up, "nothing was matched"
        time.sleep(0.2)
    [found] = results()
    with stage.admin() as admin:
        status = admin.call("leak.admin_status", case=case)
        body = read(admin.call("leak.admin_results", case=case, result=found["id"])["body"])
    assert isinstance(body, Matched)
    assert body.files == (status["files"][0]["id"].hex(),)
    named = {one.patient.hex() for row in body.rows for one in row.candidates if one.probability >= 0.9}
    assert named == {ids[one] for one in PEOPLE[:3]}
    assert status["spent"] == len(body.rows)
    # What was matched once is not matched again, and whoever holds the jobs process gets nothing else with it.
    with door_as(stage, "jobs") as door:
        for asked in (
            {"kind": "attribute", "files": [status["files"][0]["id"]]}, {"kind": "match", "files": []},
            {"kind": "explain", "files": []},
        ):  # fmt: skip
            with pytest.raises(Refused):
                door.call("search.begin", admin_pass=b"p" * 32, case=case, **asked)
        with pytest.raises(Missing):
            door.call("search.begin", admin_pass=b"p" * 32, case=case, kind="match", files=[status["files"][0]["id"]])
        for op in ("search.found", "search.cancel", "search.forget", "search.list", "upload.begin"):
            with pytest.raises((Refused, Invalid, Missing)):
                door.call(op, admin_pass=b"p" * 32, case=case, job=b"j" * 32)
    assert len(results()) == 1


@pytest.fixture
def run(rig: Rig, clocks: Clocks) -> Run:
    return running(rig, clocks)


def test_without_a_yes_a_page_waits_and_with_one_it_is_given_out(run: Run) -> None:
    async def deed(clinic: LeakClinic) -> None:
        asked, officer = clinic.asked, await clinic.session("vyr")
        case = (await asked.desk("leak.begin", session=officer, title="Sample", ground=GROUND))["case"]
        await asked.desk("watch.add", session=officer, case=case, url="http://sample.example/x", every_min=5)
        [due] = await asked.op("jobs", "watch.due")
        await asked.op("jobs", "watch.fetched", id=due["id"], status=200, body=b"one")
        assert await asked.op("jobs", "watch.to_match") == {}
        await asked.op("jobs", "watch.fetched", id=due["id"], status=200, body=b"two")
        await clinic.ask_and_approve(case)
        told = await asked.op("jobs", "watch.to_match")
        assert told["case"] == case
        assert len(told["files"]) == 2
        search = await asked.op("leaks", "leak.start", case=case, admin_pass=told["pass"])
        assert search["mentions_left"] == 5000
        other = await clinic.case()
        with pytest.raises(Missing):
            await asked.op("leaks", "leak.start", case=other, admin_pass=told["pass"])
        with pytest.raises(Missing):
            await asked.op("jobs", "watch.matched", case=other, files=told["files"])
        await asked.op("jobs", "watch.matched", case=case, files=told["files"])
        assert await asked.op("jobs", "watch.to_match") == {}
        await asked.op("jobs", "watch.fetched", id=due["id"], status=200, body=b"three")
        await asked.desk("leak.close", session=await clinic.session("vyr"), case=case)
        assert await asked.op("jobs", "watch.to_match") == {}, "a closed case gives out nothing"
        assert {one: OPS.table[one].roles for one in ("watch.to_match", "watch.matched")} == {
            "watch.to_match": frozenset({"jobs"}), "watch.matched": frozenset({"jobs"}),
        }  # fmt: skip

    run(deed)
