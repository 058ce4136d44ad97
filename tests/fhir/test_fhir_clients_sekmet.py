"""SEKMET's tester, a hospital system that others wrote, against a served vault: it signs in as SMART Backend Services
ask, plays its scenarios, replays one as a FHIR TestScript, and plays many at once.

What it expects of every server and does not get here is listed with its reason, to the step.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from seifas.drill.stage import Stage

SEKMET = Path(sys.executable).with_name("sekmet")
WHOLE = (
    "adt_admit_transfer_discharge", "adt_merge_update", "billing_claim", "clinical_documentation",
    "lab_order_to_result", "medication_order_dispense", "rad_order_imaging_report",
)  # fmt: skip
REFUSED = {
    # By a patient's name, over all patients: a search over everybody.
    "Search Observation by patient with _include": "403",
    "Searchset entries carry search.mode (match / include)": "403",
    # A list of all patients, page by page.
    "Paging returns next link": "403",
}


class Hospital:
    """Runs SEKMET's commands in a directory where it is told of the vault."""

    def __init__(self, place: Path, stage: Stage) -> None:
        self.place = place
        with stage.admin() as admin:
            made = admin.call("admin.client_add", name="ligoninė", per_day=200, scopes="system/*.cruds")
        key = place / "key.pem"
        key.write_text(made["private_pem"])
        kid = json.loads(made["private_jwk"])["kid"]
        signing = {
            "type": "smart", "client_id": made["client_id"], "private_key_path": str(key), "kid": kid, "alg": "ES384",
            "scope": "system/*.cruds",
        }  # fmt: skip
        peers = {"seifas": {"base_url": f"http://127.0.0.1:{stage.staff}/fhir", "auth": signing}}
        (place / "settings.yaml").write_text(json.dumps({"data_dir": str(place / "data"), "peers": peers}))

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """One command, to its end."""
        return subprocess.run(
            [SEKMET, *words, "--config", "settings.yaml"], cwd=self.place, capture_output=True, text=True, timeout=90,
            env={"PATH": os.environ["PATH"], "HOME": str(self.place)}, check=False,
        )  # fmt: skip

    def play(self, *names: str) -> dict[str, dict[str, Any]]:
        """Scenario file name -> its result."""
        self.run("scenario", "run", *names, "--peer", "seifas", "--no-serve", "--report-dir", "reports")
        (written,) = self.place.glob("reports/*/results.json")
        return {Path(one["file"]).stem: one for one in json.loads(written.read_bytes())}


@pytest.fixture(scope="module")
def hospital(shared_stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Hospital:
    return Hospital(tmp_path_factory.mktemp("sekmet"), shared_stage)


@pytest.fixture(scope="module")
def results(hospital: Hospital) -> dict[str, dict[str, Any]]:
    return hospital.play("conformance_smoke", *WHOLE)


def test_the_conformance_smoke_fails_where_the_vault_refuses_on_purpose(results: dict[str, dict[str, Any]]) -> None:
    steps = {step["name"]: step for step in results["conformance_smoke"]["steps"]}
    wrong = {name: step for name, step in steps.items() if step["status"] not in ("passed", "skipped")}
    assert set(wrong) == set(REFUSED)
    for name, step in wrong.items():
        assert REFUSED[name] in step["message"], step["message"]
    skipped = {name for name, step in steps.items() if step["status"] == "skipped"}
    assert skipped == {  # not in the capability statement
        "Answers FHIR XML when asked (Accept application/fhir+xml)", "Delete", "Read after delete is 410 Gone (or 404)",
    }  # fmt: skip


@pytest.mark.parametrize("name", WHOLE)
def test_a_hospitals_day_goes_through(results: dict[str, dict[str, Any]], name: str) -> None:
    told = results[name]
    assert told["status"] == "passed", [step for step in told["steps"] if step["status"] != "passed"]


def test_a_recorded_run_is_replayed_as_a_testscript(hospital: Hospital, results: dict[str, dict[str, Any]]) -> None:
    recorded = results["adt_admit_transfer_discharge"]["run_id"]
    assert hospital.run("testscript", "export", recorded, "--out", "script.json").returncode == 0
    assert json.loads((hospital.place / "script.json").read_bytes())["resourceType"] == "TestScript"
    done = hospital.run("testscript", "run", "script.json", "--peer", "seifas", "--report-dir", "replayed")
    assert done.returncode == 0, done.stdout


def test_four_at_once_see_no_error(hospital: Hospital) -> None:
    done = hospital.run(
        "load", "run", "clinical_documentation", "--peer", "seifas", "--users", "4", "--iterations", "8",
        "--max-error-rate", "0", "--max-iteration-failure", "0", "--report-dir", "load",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
