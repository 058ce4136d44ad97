"""A whole sample explained by the real log: who opened these patients, or nobody did."""

import time
from pathlib import Path

import pytest
from darkroom_stage import Desk
from leaks_stage import begun, command, door_of, ended, searched, sent, table, told

from seifas.drill.stage import Stage
from seifas.drill.thieves_truth import Truth, truth_of
from seifas.leaks.results import Explained, read


@pytest.fixture(scope="module")
def truth(small_clinic: Path) -> Truth:
    return truth_of(small_clinic)


def rows(truth: Truth, patients: list[str]) -> bytes:
    """Names and births as on the cards."""
    return table([
        (truth.cards[one].family, truth.cards[one].given[0], truth.cards[one].birth, "") for one in patients
    ])  # fmt: skip


def test_a_session_that_opened_them_all_is_named(shared_stage: Stage, truth: Truth, tmp_path: Path) -> None:
    with Desk(shared_stage, "doctor3") as thief, Desk(shared_stage, "doctor1") as other:
        cold = truth.cold("doctor3", time.time_ns() // 1_000_000)[:40]
        taken, others = cold[:9], cold[20:24]
        for patient in taken:
            thief.ask("record.list", patient=bytes.fromhex(patient), reason="visit")
        for patient in [*others, *taken[:2]]:
            other.ask("record.list", patient=bytes.fromhex(patient), reason="visit")
    sample = tmp_path / "sample.csv"
    sample.write_bytes(rows(truth, taken))
    found = told(command(shared_stage, "explain", str(sample)))
    assert found["verdict"] == "opened"
    assert found["ways"][0]["account"] == "doctor3"
    assert found["ways"][0]["hits"] == 9
    assert found["ways"][0]["chance"] < 0.01
    assert found["patients"] == 9


def test_nobody_is_named_for_what_nobody_opened(shared_stage: Stage, truth: Truth, tmp_path: Path) -> None:
    sample = tmp_path / "sample.csv"
    sample.write_bytes(rows(truth, truth.cold("doctor3", time.time_ns() // 1_000_000)[-35:]))
    found = told(command(shared_stage, "explain", str(sample)))
    assert found["verdict"] == "storage"
    assert found["storage"] > 0.99


def test_nothing_found_explains_nothing(shared_stage: Stage) -> None:
    case = begun(shared_stage)
    with door_of(shared_stage) as door:
        sent(shared_stage, door, case, "empty.csv", table([("Nobodyson", "Nemo", "1901-01-01", "")]))
        job = searched(shared_stage, door, case, "explain")
        told = ended(door, job)
        assert (told["state"], told["error"]["code"]) == ("failed", "invalid")


def test_an_explanation_is_kept_with_its_case(shared_stage: Stage, truth: Truth) -> None:
    case = begun(shared_stage)
    with door_of(shared_stage) as door:
        sent(shared_stage, door, case, "s.csv", rows(truth, truth.cold("doctor3", time.time_ns() // 1_000_000)[-20:]))
        assert ended(door, searched(shared_stage, door, case))["state"] == "done"
        assert ended(door, searched(shared_stage, door, case, "explain"))["state"] == "done"
    with shared_stage.admin() as admin:
        kept = admin.call("leak.admin_status", case=case)["results"]
        assert [one["kind"] for one in kept] == ["match", "explain"]
        found = read(admin.call("leak.admin_results", case=case, result=kept[-1]["id"])["body"])
    assert isinstance(found, Explained)
    assert found.verdict == "storage"
