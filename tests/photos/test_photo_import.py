"""`seifas import photos` into a served clinic: exactly whose it is or nobody's, once, with a report of the rest."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
from typer.testing import CliRunner

from seifas.cli.main import app
from seifas.darkroom.imaging import jpeg
from seifas.demo.days import day
from seifas.demo.made import day_of
from seifas.demo.pictures import drawn
from seifas.demo.population import patient_file
from seifas.drill.stage import Stage


def _picture(seed: int) -> bytes:
    return jpeg.encoded(drawn(seed, "spots", left=1.0, shot=0), 80)


def _person(day: date, index: int) -> tuple[str, str]:
    """(name and birth date as a folder says them, id) of a patient of the demo."""
    file = patient_file(1, index, day)
    card = msgspec.json.decode(file.resources[0].body)
    name = card["name"][0]
    return f"{name['family']} {name['given'][0]} {card['birthDate']}", file.id


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    made = tmp_path_factory.mktemp("photos")
    yield made
    shutil.rmtree(made)


@pytest.fixture(scope="module")
def people(shared_stage: Stage) -> list[tuple[str, str]]:
    return [_person(day_of(shared_stage.data), index) for index in (21, 22)]


def _fill(folder: Path, people: list[tuple[str, str]]) -> None:
    first, second = folder / people[0][0] / "2024-05-01 prieš", folder / people[1][0]
    for place in (first, second, folder / "Niekas Niekuras 1955-05-05", folder / "įvairios"):
        place.mkdir(parents=True)
    (first / "nosis kairė.jpg").write_bytes(_picture(1))
    (first / "nosis kairė kopija.jpg").write_bytes(_picture(1))
    (second / "po.jpg").write_bytes(_picture(2))
    (folder / "Niekas Niekuras 1955-05-05" / "x.jpg").write_bytes(_picture(3))
    (folder / "įvairios" / "IMG_1.jpg").write_bytes(_picture(4))
    (second / "užrašai.txt").write_bytes(b"x")
    (second / "tuščia.jpg").write_bytes(b"")
    (second / "ne.jpg").write_bytes(b"not a picture at all, though it is called one" * 10)
    (second / "Thumbs.db").write_bytes(b"x")
    (second / "nuoroda.jpg").symlink_to(second / "po.jpg")


def test_a_folder_is_imported_once_and_the_rest_is_told(
    shared_stage: Stage, folder: Path, people: list[tuple[str, str]], tmp_path: Path
) -> None:
    _fill(folder, people)
    report = tmp_path / "report.csv"
    before = len(list((shared_stage.data / "data" / "objects").iterdir()))

    dry = shared_stage.seifas("import", "photos", str(folder), "--dry-run", fine=False)
    assert (dry["ready"], dry["known"], dry["exit"]) == (3, 1, 2), dry
    assert len(list((shared_stage.data / "data" / "objects").iterdir())) == before, "a dry run stores nothing"

    done = shared_stage.seifas("import", "photos", str(folder), "--report", str(report), fine=False)
    assert (done["imported"], done["known"], done["patients"]) == (2, 1, 2), done
    assert done["reasons"] == {
        "empty": 1, "nobody": 1, "nobody-named": 1, "not-a-file": 1, "not-a-picture": 2,
    }, done
    assert done["exit"] == 2
    assert len(list((shared_stage.data / "data" / "objects").iterdir())) == before + 8
    with report.open(encoding="utf-8-sig", newline="") as file:
        rows = {row["file"]: row["reason"] for row in csv.DictReader(file, delimiter=";")}
    assert rows["įvairios/IMG_1.jpg"] == "nobody-named"
    assert rows["Niekas Niekuras 1955-05-05/x.jpg"] == "nobody"
    assert report.stat().st_mode & 0o777 == 0o600

    again = shared_stage.seifas("import", "photos", str(folder), fine=False)
    assert (again["imported"], again["known"]) == (0, 3), again

    program = shared_stage.program(1000)
    media = program.read(f"/fhir/Patient/{people[0][1]}/$everything?_count=500").json
    (found,) = [one["resource"] for one in media["entry"] if one["resource"]["resourceType"] == "Media"]
    assert found["bodySite"] == {"text": "nose"}
    assert found["view"]["coding"][0]["code"] == "left"
    assert found["note"] == [{"text": "Prieš"}]
    assert found["createdDateTime"] == day(date(2024, 5, 1).toordinal()).local(12 * 60)
    assert not any(one["resource"]["resourceType"] == "Photo" for one in media["entry"])


def _said(*args: str) -> dict[str, Any]:
    """Exit status and JSON of `seifas import photos`, in this process."""
    done = CliRunner().invoke(app, ["import", "photos", *args, "--json"])
    return {"exit": done.exit_code, **json.loads(done.stdout.strip().splitlines()[-1])}


def test_it_says_what_it_cannot_do(small_clinic: Path, tmp_path: Path) -> None:
    data = ("--data", str(small_clinic))
    inside = _said(str(small_clinic / "data"), *data)
    assert (inside["exit"], inside["error"]) == (2, "invalid")
    around = _said(str(small_clinic.parent), *data)
    assert (around["exit"], around["error"]) == (2, "invalid")
    assert _said(str(tmp_path / "nothing"), *data)["exit"] == 2
    report = _said(str(tmp_path), *data, "--report", str(small_clinic / "r.csv"))
    assert (report["exit"], report["where"]) == (2, "--report")
    away = _said(str(tmp_path), *data)  # this clinic is not served
    assert (away["exit"], away["error"]) == (9, "unavailable")
