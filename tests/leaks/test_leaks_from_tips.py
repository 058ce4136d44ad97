"""A file from the public site, never shown to anybody, is matched once it is evidence and two have agreed."""

from __future__ import annotations

import re

import httpx
import pytest
from darkroom_stage import Desk
from leaks_stage import MARK, PEOPLE, begun, door_of, ended, registered, searched, strangers, table

from seifas.drill.stage import Stage
from seifas.leaks.results import Matched, read

pytestmark = pytest.mark.slow
HERE = {"Origin": "null", "Sec-Fetch-Site": "same-origin"}


def form_of(page: str) -> str:
    found = re.search(r'name="form" value="([^"]{40,})"', page)
    assert found is not None
    return found[1]


def test_a_tips_file_is_matched_as_evidence(shared_stage: Stage) -> None:
    people = registered(shared_stage)
    sample = table([*((*one, MARK) for one in PEOPLE), *strangers(5)])
    with httpx.Client(base_url=f"http://127.0.0.1:{shared_stage.port}", timeout=30, headers=HERE) as site:
        page = site.get("/lt/tip/new").text
        receipt = re.findall(r"<code>([0-9A-Z-]{29})</code>", page)[0]
        sent = site.post("/lt/tip/new", data={"form": form_of(page), "text": "Štai", "receipt": receipt})
        kept = site.post("/lt/tip/file", data={"form": form_of(sent.text)}, files={"file": ("sarasas.csv", sample)})
        assert kept.status_code == 200
    case = begun(shared_stage)
    with Desk(shared_stage, "officer1") as officer, door_of(shared_stage) as door:
        tip = officer.ask("tip.list")[0]["tip"]
        part = next(one for one in officer.ask("tip.open", tip=tip)["parts"] if one["kind"] == "file")
        made = officer.ask("tip.adopt", tip=tip, part=part["part"], leak=case)
        status = officer.ask("leak.status", case=case)
        assert [one["id"] for one in status["files"]] == [made["file"]]
        job = ended(door, searched(shared_stage, door, case))
        assert job["state"] == "done", job
        result = officer.ask("leak.status", case=case)["results"][0]["id"]
        found = read(officer.ask("leak.results", case=case, result=result)["body"])
    assert isinstance(found, Matched)
    sure = {row.candidates[0].patient.hex() for row in found.rows if row.candidates}
    assert set(people.values()) <= sure
