"""Whose a folder of photos is: exactly one patient of whom all that is said is true, or nobody."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from keeper_rig import Asked, Rig
from photo_rig import keep

from seifas.errors import Invalid, Missing

CODE = "48402030019"


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path / "vault")


async def _clinic(asked: Asked) -> dict[str, bytes]:
    doctor = await asked.person("gydytoja", "doctor")

    async def person(family: str, given: str, birth: str, **more: Any) -> bytes:
        names = [{"family": family, "given": [given]}, *more.pop("names", [])]
        return await asked.create(doctor, "Patient", name=names, birthDate=birth, **more)

    return {
        "ona": await person("Žukauskienė", "Ona", "1984-02-03", names=[{"use": "maiden", "family": "Petraitytė"}],
                            identifier=[{"system": "https://hl7.lt/fhir/sid/lt-patient-pid", "value": CODE}],
                            telecom=[{"system": "phone", "value": "+370 612 34567"}]),
        "marija": await person("Žukauskienė", "Marija Ona", "1984-02-03"),
        "jonas": await person("Petraitis", "Jonas", "1990-01-01"),
        "jonas2": await person("Petraitis", "Jonas", "1990-01-01"),
        "onute": await person("Žukauskienė", "Onutė", "1951-01-01",
                              telecom=[{"system": "phone", "value": "+370 612 34567"}]),
    }


@pytest.mark.parametrize(("said", "who", "why"), [
    ({"names": ["Zukauskiene", "ONA"], "birth": "1984-02-03", "phone": "861234567"}, "ona", ""),
    ({"names": ["Ona", "Petraityte"], "birth": "1984-02-03"}, "ona", ""),  # her maiden name
    ({"names": ["Žukauskienė", "Marija"], "birth": "1984-02-03"}, "marija", ""),
    ({"names": ["Žukauskienė", "Ona"], "birth": "1984-02-03"}, "", "several"),  # Ona, and Marija Ona
    ({"names": ["Žukauskienė", "Onutė"], "phone": "+37061234567"}, "onute", ""),
    ({"names": ["Žukausk", "On"], "birth": "1984-02-03"}, "", "nobody"),  # beginnings are no names
    ({"names": ["Žukauskienė", "Ona", "Jonaitė"], "birth": "1984-02-03"}, "", "nobody"),
    ({"names": ["Žukauskienė", "Ona"], "birth": "1984-02-04"}, "", "nobody"),
    ({"names": ["Petraitis", "Jonas"], "birth": "1990-01-01"}, "", "several"),
    ({"names": ["Žukauskienė", "Ona"]}, "", "not-enough"),
    ({"names": ["Ona"], "birth": "1984-02-03"}, "", "not-enough"),
    ({"birth": "1984-02-03", "phone": "861234567"}, "", "not-enough"),
    ({}, "", "not-enough"),
    ({"personal": CODE}, "ona", ""),
    ({"personal": CODE, "names": ["Ona", "Žukauskienė"]}, "ona", ""),
    ({"personal": CODE, "names": ["Marija", "Žukauskienė"]}, "", "contradiction"),
    ({"personal": CODE, "birth": "1985-02-03"}, "", "contradiction"),
    ({"personal": "49001010001"}, "", "nobody"),
    ({"personal": "not a code"}, "", "not-enough"),
    ({"names": ["*", "%"], "birth": "1984-02-03"}, "", "not-enough"),
])
def test_folders_are_matched(rig: Rig, said: dict[str, Any], who: str, why: str) -> None:
    async def deed(asked: Asked) -> None:
        people = await _clinic(asked)
        (found,) = await asked.admin("photo_match", people=[said])
        assert found == {"patient": people.get(who, b""), "why": why}

    rig.run(deed)


def test_what_is_imported_says_so_and_is_known_again(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        people = await _clinic(asked)
        about = {"body_site": "nose", "view": "left", "note": "Prieš", "taken_ms": 1_600_000_000_000}
        begun = await asked.admin("photo_begin", patient=people["ona"], about=about)
        assert await keep(asked, begun["grant"], b"picture") == begun["photo"]
        doctor = await asked.sign_in("gydytoja")
        (row,) = await asked.desk("photo.list", session=doctor, patient=people["ona"], reason="visit")
        assert row["source"] == "import"
        assert row["taken_ms"] == 1_700_000_000_000, "the camera knows better than the folder"
        known = await asked.admin("photo_known", patient=people["ona"], sha256=[row["sha256"], bytes(32)])
        assert known == [True, False]
        await asked.desk("photo.delete", session=doctor, photo=begun["photo"], expect=1)
        assert await asked.admin("photo_known", patient=people["ona"], sha256=[row["sha256"]]) == [True]
        with pytest.raises(Invalid):
            await asked.admin("photo_begin", patient=people["ona"], about={"view": "inside"})
        with pytest.raises(Missing):
            await asked.admin("photo_begin", patient=bytes(16))
        with pytest.raises(Missing):
            await asked.admin("photo_known", patient=b"x" * 16, sha256=[])

    rig.run(deed)
