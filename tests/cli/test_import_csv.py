"""`seifas import csv` against a real keeper: what came in reads back over FHIR, nothing comes in by half or twice."""

from __future__ import annotations

import csv
import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from seifas.cli.main import app
from seifas.cli.reach import demo_passphrase_file
from seifas.drill.stage import Stage
from seifas.tables.personal_code import check_digit

HEAD = ("Vardas", "Pavardė", "Gimimo data", "Asmens kodas", "Telefonas", "Data", "Gydytojas", "Nusiskundimas",
        "Procedūra", "Pastabos")  # fmt: skip


def code(birth: str, serial: int) -> str:
    """A woman's personal code with the right check digit."""
    year, month, day = birth.split("-")
    ten = f"4{year[2:]}{month}{day}{serial:03}"
    return f"{ten}{check_digit(ten)}"


def line(serial: int, visit: str = "2024-03-05", note: str = "gerai") -> tuple[str, ...]:
    """A row about patient number `serial`, whose surname nobody else has."""
    birth = "1987-06-05"
    return (f"Živilė{'abcdefghij'[serial % 10]}", f"Qvorpaitė{letters(serial)}", birth, code(birth, serial),
            f"+3706{serial:07}", visit, "Dr. Bandymė", "Spuogai ant veido", "Lazerio procedūra", note)  # fmt: skip


def letters(number: int) -> str:
    return "".join("abcdefghij"[int(digit)] for digit in f"{number:03}")


def write(path: Path, rows: list[tuple[str, ...]], *, encoding: str = "utf-8", delimiter: str = ";") -> Path:
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows([HEAD, *rows])
    return path


def find(stage: Stage, row: tuple[str, ...]) -> bytes:
    """The one patient of the vault who is the person of a row."""
    with stage.admin() as admin:
        ((found),) = admin.call("admin.find_code", people=[
            {"personal": row[3], "family": row[1], "given": row[0], "birth": row[2]}])  # fmt: skip
    (patient,) = found["patients"]
    return bytes(patient)


def everything(stage: Stage, patient: bytes) -> list[dict[str, Any]]:
    """The whole chart over HTTP, as a program reads it."""
    answer = stage.program(200).read(f"/fhir/Patient/{patient.hex()}/$everything", "treatment")
    assert answer.status == 200, answer.body[:300]
    return [entry["resource"] for entry in answer.json["entry"]]


def patients(stage: Stage) -> int:
    with stage.admin() as admin:
        return int(admin.call("health")["patients"])


def at_rest(stage: Stage) -> int:
    """The number of patients, once the keeper has finished what it was told last."""
    seen = [patients(stage)]
    while len(seen) < 8 or len(set(seen[-8:])) > 1:
        time.sleep(0.2)
        seen.append(patients(stage))
    return seen[-1]


def bring(stage: Stage, *args: str) -> dict[str, Any]:
    """The command run in this process, which spares a second each time: its JSON, and the exit status in it."""
    done = CliRunner().invoke(app, ["import", "csv", *args, "--data", str(stage.data), "--json"])
    return {**json.loads(done.stdout), "exit": done.exit_code}


@pytest.fixture(scope="module")
def served(shared_stage: Stage) -> Stage:
    return shared_stage


def test_a_table_reads_back_over_fhir_and_a_second_run_adds_nothing(served: Stage, tmp_path: Path) -> None:
    before = patients(served)
    rows = [line(1), line(2), line(1, "2024-04-06"), line(3, note="=cmd|'/C calc'!A0")]
    file = write(tmp_path / "pacientai.csv", rows, encoding="windows-1257")
    told = served.seifas("import", "csv", str(file))
    assert (told["rows"], told["patients"], told["imported"], told["skipped"]) == (4, 3, 3, 0)
    assert (told["resources"], told["rejected"], told["ok"]) == (3 + 4 * 4, [], True)
    assert told["encoding"] == "windows-1257"
    assert told["mapping"]["Pavardė"] == "family"
    assert patients(served) == before + 3

    chart = everything(served, find(served, line(1)))
    kinds = sorted(one["resourceType"] for one in chart)
    assert kinds == sorted(["Patient"] + ["Encounter", "Condition", "Procedure", "Observation"] * 2)
    (card,) = [one for one in chart if one["resourceType"] == "Patient"]
    assert card["name"] == [{"use": "official", "family": line(1)[1], "given": [line(1)[0]]}]
    starts = {one["period"]["start"] for one in chart if one["resourceType"] == "Encounter"}
    assert starts == {"2024-03-05", "2024-04-06"}
    kept = [one for one in everything(served, find(served, line(3))) if one["resourceType"] == "Observation"]
    assert kept[0]["valueString"] == "=cmd|'/C calc'!A0"

    again = served.seifas("import", "csv", str(file))
    assert (again["imported"], again["skipped"], again["resources"], again["ok"]) == (0, 3, 0, True)
    assert patients(served) == before + 3


def test_patients_who_are_here_are_passed_over_or_given_what_is_new(served: Stage, tmp_path: Path) -> None:
    bring(served, str(write(tmp_path / "a.csv", [line(11)])))
    more = [line(11, "2025-01-02"), line(12), line(11)]
    told = bring(served, str(write(tmp_path / "b.csv", more)))
    assert (told["imported"], told["skipped"]) == (1, 1)
    assert any("--update" in doubt for doubt in told["doubts"])
    updated = bring(served, str(tmp_path / "b.csv"), "--update")
    assert (updated["imported"], updated["updated"], updated["resources"], updated["skipped"]) == (0, 1, 4, 1)
    assert len(everything(served, find(served, line(11)))) == 1 + 2 * 4
    settled = bring(served, str(tmp_path / "b.csv"), "--update")
    assert (settled["updated"], settled["resources"], settled["skipped"]) == (0, 0, 2)


def test_a_patient_of_another_source_is_recognised_by_code_and_by_name(served: Stage, tmp_path: Path) -> None:
    birth = "1979-08-07"
    resource = {
        "resourceType": "Patient", "name": [{"family": "Zuikaitė", "given": ["Ūla"]}], "birthDate": birth,
        "identifier": [{"system": "urn:kita", "value": code(birth, 5)}],
    }  # fmt: skip
    (tmp_path / "p.json").write_text(json.dumps(resource))
    served.seifas("import", "fhir", str(tmp_path / "p.json"))
    here = [
        ("Ūla", "Zuikaitė", birth, code(birth, 5), *[""] * 6),
        ("ULA", "Zuikaite", birth, "", "", "2024-05-05", "", "", "Lazeris", ""),
    ]
    told = bring(served, str(write(tmp_path / "a.csv", here)), "--update")
    assert (told["patients"], told["updated"], told["imported"]) == (1, 1, 0)
    other_code = [("Ūla", "Zuikaitė", birth, code(birth, 6), *[""] * 6)]
    told = bring(served, str(write(tmp_path / "b.csv", other_code)))
    assert (told["imported"], told["skipped"]) == (1, 0)
    other_name = [("Rugilė", "Kitaitė", birth, code(birth, 5), *[""] * 6)]
    told = bring(served, str(write(tmp_path / "c.csv", other_name)))
    assert (told["exit"], told["imported"]) == (2, 0)
    assert "another given name" in told["rejected"][0]["reason"]


def test_people_are_recognised_by_name_among_many_who_were_born_that_day(served: Stage, tmp_path: Path) -> None:
    rows = [line(serial) for serial in range(70, 100)]
    bring(served, str(write(tmp_path / "a.csv", rows)))
    uncoded = [(*row[:3], "", "", *row[5:]) for row in rows]
    stranger = ("Živilė", "Nežinomaitė", *uncoded[0][2:])
    told = bring(served, str(write(tmp_path / "b.csv", [*uncoded, stranger])))
    assert (told["skipped"], told["imported"], told["rejected"]) == (30, 1, [])


def test_refused_rows_are_named_and_quoted_only_on_demand(served: Stage, tmp_path: Path) -> None:
    rows = [line(21), (*line(22)[:3], "3,80103E+10", *line(22)[4:]), line(23), line(23, "2024-02-30"),
            (*line(24)[:4], "=skambinti", *line(24)[5:])]  # fmt: skip
    file = write(tmp_path / "a.csv", rows)
    report = tmp_path / "atmesta.csv"
    told = bring(served, str(file), "--report", str(report))
    assert (told["exit"], told["imported"], told["ok"]) == (2, 1, False)
    refused = {(one["row"], one["column"]): one["reason"] for one in told["rejected"]}
    assert set(refused) == {(3, "Asmens kodas"), (4, ""), (5, "Data"), (6, "Telefonas")}
    assert "rounded" in refused[3, "Asmens kodas"]
    assert "whole or not at all" in refused[4, ""]
    assert stat.S_IMODE(report.stat().st_mode) == 0o600
    lines = report.read_bytes().decode("utf-8-sig").splitlines()
    assert lines[0] == "row;column;reason"
    assert len(lines) == 5
    for secret in ("Qvorpait", "Živil", "skambinti", "80103", "2024-02-30"):
        assert secret not in json.dumps(told, ensure_ascii=False)
        assert secret not in "\n".join(lines)
    quoted = tmp_path / "su-langeliais.csv"
    bring(served, str(file), "--report", str(quoted), "--quote")
    with quoted.open(encoding="utf-8-sig", newline="") as opened:
        cells = {row["row"]: row["cell"] for row in csv.DictReader(opened, delimiter=";")}
    assert (cells["5"], cells["6"], cells["4"]) == ("2024-02-30", "'=skambinti", "")

    mended = [line(21), line(22), line(23), line(23, "2024-02-29"), line(24)]
    told = bring(served, str(write(tmp_path / "b.csv", mended)))
    assert (told["imported"], told["skipped"], told["ok"]) == (3, 1, True)


def test_one_patient_whom_the_vault_refuses_does_not_hold_up_the_others(served: Stage, tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", [line(31)])
    bring(served, str(file))
    served.seifas("erase", find(served, line(31)).hex(), "--now")
    rows = [line(30), line(31), line(31, "2024-09-09"), line(32)]
    told = bring(served, str(write(tmp_path / "b.csv", rows)))
    assert (told["exit"], told["imported"]) == (2, 2)
    assert [one["row"] for one in told["rejected"]] == [3, 4]
    assert "closed for good" in told["rejected"][0]["reason"]


def test_a_rehearsal_needs_no_passphrase_and_writes_nothing(make_stage: Callable[[], Stage], tmp_path: Path) -> None:
    stage = make_stage()
    demo_passphrase_file(stage.data).unlink()
    before = {path: path.stat().st_mtime_ns for path in sorted(stage.data.rglob("*"))}
    file = write(tmp_path / "a.csv", [line(41), line(42), (*line(43)[:2], "1987-02-30", *line(43)[3:])])
    told = stage.seifas("import", "csv", str(file), "--dry-run", fine=False)
    assert (told["dry_run"], told["imported"], told["resources"], told["exit"]) == (True, 2, 10, 2)
    assert told["preview"][0]["Pavardė"].startswith("Xxxxxxxxx")
    assert told["preview"][0]["Asmens kodas"] == "99999999999"
    assert "Qvorpait" not in json.dumps(told, ensure_ascii=False)
    assert {path: path.stat().st_mtime_ns for path in sorted(stage.data.rglob("*"))} == before


def test_it_works_while_nothing_is_served(make_stage: Callable[[], Stage], tmp_path: Path) -> None:
    stage = make_stage()
    told = stage.seifas("import", "csv", str(write(tmp_path / "a.csv", [line(51)], delimiter="\t", encoding="utf-16")))
    assert (told["imported"], told["encoding"]) == (1, "utf-16")
    stage.start()
    assert find(stage, line(51))
    log = stage.log.read_text()
    assert "Qvorpait" not in log
    for path in stage.data.rglob("*"):
        if path.is_file():
            assert b"Qvorpait" not in path.read_bytes(), path


def test_an_import_that_was_killed_is_run_again(served: Stage, tmp_path: Path) -> None:
    before = patients(served)
    file = write(tmp_path / "a.csv", [line(100 + serial) for serial in range(800)])
    process = subprocess.Popen(  # slow beside the one that is to kill it in the middle
        ["nice", "-n", "19", sys.executable, "-m", "seifas.cli.main", "import", "csv", str(file), "--data",
         str(served.data), "--json"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    give_up = time.monotonic() + 240
    while patients(served) == before and process.poll() is None and time.monotonic() < give_up:
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    half = at_rest(served) - before
    assert 0 < half < 800
    assert half % 100 == 0
    told = bring(served, str(file))
    assert (told["skipped"], told["imported"], told["ok"]) == (half, 800 - half, True)
    assert patients(served) == before + 800
    assert len(everything(served, find(served, line(100)))) == 5


def test_a_keeper_that_was_killed_is_waited_for_or_the_import_is_run_again(served: Stage, tmp_path: Path) -> None:
    before = patients(served)
    file = write(tmp_path / "a.csv", [line(900 + serial) for serial in range(99)])
    served.kill("keeper")
    told = served.seifas("import", "csv", str(file), fine=False)
    served.wait_ready()
    if told["exit"] != 0:
        told = bring(served, str(file))
    assert told["ok"]
    assert patients(served) == before + 99


@pytest.mark.parametrize(("options", "where"), [
    (("--encoding", "klingon"), "--encoding"),
    (("--delimiter", "#"), "--delimiter"),
    (("--dates", "sometimes"), "--dates"),
    (("--sheet", "1"), "--sheet"),
    (("--quote",), "--quote"),
    (("--mapping", "/nowhere.toml"), "--mapping"),
])
def test_wrong_options_are_named(served: Stage, tmp_path: Path, options: tuple[str, ...], where: str) -> None:
    file = write(tmp_path / "a.csv", [line(61)])
    told = bring(served, str(file), *options)
    assert (told["exit"], told["error"], told["where"]) == (2, "invalid", where)


def test_a_report_inside_the_vault_is_refused(served: Stage, tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", [line(61)])
    told = bring(served, str(file), "--report", str(served.data / "r.csv"))
    assert (told["exit"], told["where"]) == (2, "--report")


def test_a_file_that_is_not_there(served: Stage, tmp_path: Path) -> None:
    told = bring(served, str(tmp_path / "nėra.csv"))
    assert (told["exit"], told["error"]) == (2, "invalid")


def test_a_mapping_file_and_unknown_columns(served: Stage, tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("Klientas|Gimė|Odos tipas|Vidinis\nQvorpaitė Živilė|1955-05-05|II|7\n")
    told = bring(served, str(file))
    assert "surname" in told["message"]
    mapping = tmp_path / "m.toml"
    mapping.write_text('[columns]\nKlientas = "family_given"\nVidinis = "ignore"\n')
    told = bring(served, str(file), "--mapping", str(mapping), "--keep-unmapped")
    assert told["unmapped"] == ["Odos tipas"]
    assert told["mapping"] == {"Klientas": "family_given", "Gimė": "birth_date", "Vidinis": "ignore"}
    chart = everything(served, find(served, ("Živilė", "Qvorpaitė", "1955-05-05", "")))
    (kept,) = [one for one in chart if one["resourceType"] == "Observation"]
    assert [(part["code"]["text"], part["valueString"]) for part in kept["component"]] == [("Odos tipas", "II")]
