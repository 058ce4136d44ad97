"""The clinic's profile: who reads it, who changes it, what is refused, what the public sees."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from keeper_rig import Asked, Rig

from seifas.errors import Conflict, Invalid, Missing, Refused
from seifas.keeper.clinic_facts import Hours, checked_hours, line
from seifas.keeper.lines import Action
from seifas.keeper.log_reading import lines_back

CONTACT = {
    "name": "Kauno klinika", "street": "Laisvės al. 1", "postcode": "LT-44001", "city": "Kaunas",
    "phone": "+370 37 123456", "mail": "info@klinika.example", "languages": ["lt", "en"],
}


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Rig:
    return Rig(Path(tmp_path_factory.mktemp("profile")) / "vault")


def test_it_is_set_read_kept_and_each_change_is_a_line(rig: Rig) -> None:
    async def first(asked: Asked) -> None:
        root = await asked.person("boss", "administrator")
        await asked.account("ona", "doctor")
        await asked.account("guard", "officer")
        before = await asked.desk("clinic.profile", session=root)
        assert (before["version"], before["contact"]["name"]) == (0, rig.settings.clinic.name)
        done = await asked.desk(
            "clinic.profile_set", session=root, expect=0, contact=CONTACT,
            hours=[{"day": 1, "opens": "14:00", "closes": "18:00"}, {"day": 1, "opens": "08:00", "closes": "12:00"}],
            holidays=[{"date": "2027-02-16", "words": {"lt": "Valstybės atkūrimo diena"}}],
            prices=[{"group": {"en": "Skin"}, "name": {"en": "Consultation"}, "from_cents": 6000}],
        )
        assert done == {"version": 1}
        made = await asked.desk(
            "clinic.doctor_set", session=root, expect=1, name="gyd. Ona Onaitė", account="ona", colour="teal",
            minutes=45, role={"lt": "chirurgė", "en": "surgeon"},
        )
        account = asked.keeper.accounts.find("ona")
        assert account is not None
        assert account.practitioner == made["practitioner"]
        alarms = [one.kind for one in asked.keeper.alarms.all()]
        assert "clinic-contact" in alarms

    async def later(asked: Asked) -> None:
        ona = await asked.sign_in("ona")
        kept = await asked.desk("clinic.profile", session=ona)
        assert kept["version"] == 2
        assert [one["opens"] for one in kept["hours"]] == ["08:00", "14:00"]
        assert kept["doctors"][0]["account"] == "ona"
        # A doctor reads the Practitioner that was made, as any of the clinic's own documents.
        found = await asked.desk(
            "record.read", session=ona, type="Practitioner", id=kept["doctors"][0]["practitioner"]
        )
        assert "Ona Onaitė" in found["body"].decode()
        shown = await asked.op("public", "clinic.public")
        assert shown["team"] == [{"name": "gyd. Ona Onaitė", "role": {"lt": "chirurgė", "en": "surgeon"}}]
        assert "ona" not in str({key: value for key, value in shown.items() if key != "team"})
        for role in ("jobs", "admin"):
            with pytest.raises(AssertionError):
                await asked.op(role, "clinic.public")
        audit = asked.keeper.require_unlocked().audit
        audit.publish(asked.keeper.require_unlocked().state)
        edits = [line async for _, line in lines_back(asked.keeper) if line.action == Action.CLINIC_EDIT]
        assert [one.note for one in edits] == ["doctor", "contact+hours+holidays+prices"]

    rig.run(first)
    rig.run(later)


def test_only_the_administrator_changes_it_and_nobody_over_another(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        for hat in ("doctor", "nurse", "reception", "officer", "auditor"):
            person = await asked.person(f"one.{hat}", hat)
            version = (await asked.desk("clinic.profile", session=person))["version"]
            with pytest.raises(Refused):
                await asked.desk("clinic.profile_set", session=person, expect=version, contact=CONTACT)
            with pytest.raises(Refused):
                await asked.desk("clinic.doctor_set", session=person, expect=version, name="X")
        root = await asked.person("boss2", "administrator")
        version = (await asked.desk("clinic.profile", session=root))["version"]
        with pytest.raises(Conflict):
            await asked.desk("clinic.profile_set", session=root, expect=version - 1, contact=CONTACT)
        with pytest.raises(Refused):  # somebody who treats nobody is no practitioner
            await asked.desk("clinic.doctor_set", session=root, expect=version, name="X", account="one.officer")
        with pytest.raises(Missing):
            await asked.desk("clinic.doctor_set", session=root, expect=version, name="X", practitioner=bytes(16))
        made = await asked.desk(
            "clinic.doctor_set", session=root, expect=version, name="Dr X", account="one.doctor"
        )
        with pytest.raises(Conflict):  # one account is one person
            await asked.desk(
                "clinic.doctor_set", session=root, expect=made["version"], name="Dr Y", account="one.doctor",
                practitioner=next(
                    one["practitioner"]
                    for one in (await asked.desk("clinic.profile", session=root))["doctors"]
                    if one["account"] != "one.doctor"
                ),
            )

    rig.run(deed)


@pytest.mark.parametrize("field", [
    {"contact": {**CONTACT, "phone": "call me"}}, {"contact": {**CONTACT, "mail": "a@b\r\nBcc: c@d.lt"}},
    {"contact": {**CONTACT, "name": ""}}, {"contact": {**CONTACT, "name": "a\u202eb"}},
    {"contact": {**CONTACT, "country": "Lithuania"}}, {"contact": {**CONTACT, "about": {"<b>": "x"}}},
    {"hours": [{"day": 7, "opens": "08:00", "closes": "09:00"}]},
    {"hours": [{"day": 0, "opens": "8:00", "closes": "09:00"}]},
    {"hours": [{"day": 0, "opens": "10:00", "closes": "09:00"}]},
    {"hours": [{"day": 0, "opens": "08:00", "closes": "12:00"}, {"day": 0, "opens": "11:00", "closes": "13:00"}]},
    {"hours": [{"day": 0, "opens": "08:00", "closes": "12:00"}] * 22},
    {"holidays": [{"date": "16 February"}]}, {"holidays": [{"date": "2027-01-01", "words": {"lt": "x" * 900}}]},
    {"prices": [{"group": {}, "name": {}, "from_cents": 1}]},
    {"prices": [{"group": {}, "name": {"lt": "x"}, "from_cents": -1}]},
    {"prices": [{"group": {}, "name": {"lt": "x"}, "from_cents": 100, "to_cents": 50}]},
    {"prices": [{"group": {}, "name": {"lt": "x"}, "from_cents": 1}] * 301},
])  # fmt: skip
def test_what_is_wrong_is_refused_and_nothing_changes(rig: Rig, field: dict[str, Any]) -> None:
    async def deed(asked: Asked) -> None:
        root = await asked.sign_in("boss")
        before = await asked.desk("clinic.profile", session=root)
        with pytest.raises(Invalid):
            await asked.desk("clinic.profile_set", session=root, expect=before["version"], **field)
        assert await asked.desk("clinic.profile", session=root) == before

    rig.run(deed)


@given(st.lists(st.builds(Hours, st.integers(-1, 8), st.text(max_size=6), st.text(max_size=6)), max_size=5))
def test_hours_are_hours_or_refused(hours: list[Hours]) -> None:
    try:
        kept = checked_hours(tuple(hours))
    except Invalid:
        return
    assert all(0 <= one.day <= 6 and one.opens < one.closes for one in kept)


@given(st.text(max_size=200))
def test_a_line_is_one_line(text: str) -> None:
    try:
        kept = line(text, "x", 120)
    except Invalid:
        return
    assert kept.isprintable() or " " in kept or kept.strip() == kept
    assert "\n" not in kept
    assert len(kept) <= 120
