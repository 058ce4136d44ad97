"""The administrator's session walks every op and every page: nothing of any patient comes back, ids neither."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from keeper_rig import Asked, Rig

from patients_about import patients_about
from seifas.drill.stage import Stage
from seifas.errors import Refused, SeifasError
from seifas.keeper.door import OPS
from seifas.keeper.identity.approvals import Policy
from seifas.web.desk.app import ROUTES
from seifas.web.routing import served

# What would lock the administrator out, or give the desk's process something to do for good.
_ENDS = frozenset({"session.end", "session.end_other", "session.lock", "session.hat", "client.disable"})


FAMILY, GIVEN, PHONE, CODE = "Nematomasis", "Vardenis", "+370 611 11111", "39001010011"


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Rig:
    return Rig(Path(tmp_path_factory.mktemp("blind")) / "vault")


async def _clinic(asked: Asked) -> tuple[str, bytes, list[str]]:
    """The administrator's token, a patient of several, and what no answer may hold."""
    doctor = await asked.person("ona", "doctor")
    ids = [
        await asked.create(
            doctor, "Patient", name=[{"family": FAMILY, "given": [GIVEN]}], birthDate="1990-01-01",
            telecom=[{"system": "phone", "value": PHONE}], identifier=[{"system": "urn:code", "value": CODE}],
        )
        for _ in range(3)
    ]
    await asked.create(doctor, "Observation", ids[0], status="final", code={"text": "Slapta diagnozė"})
    await asked.account("guard", "officer")
    words = [one.hex() for one in ids] + [FAMILY, GIVEN, PHONE, CODE, "Slapta diagnozė"]
    return await asked.person("boss", "administrator"), ids[0], words


def _filled(kind: type[msgspec.Struct], token: str, patient: bytes) -> dict[str, Any]:
    """Arguments of the right types, about a patient wherever an id is asked for."""
    found: dict[str, Any] = {}
    for field in msgspec.structs.fields(kind):
        text = str(field.type)
        if field.name == "session":
            found[field.name] = token
        elif field.type is bytes:
            found[field.name] = patient
        elif not field.required:
            continue
        elif field.type is str:
            found[field.name] = "Patient" if field.name == "type" else "2026-11-20" if field.name == "date" else "abc"
        elif field.type is int:
            found[field.name] = 1
        elif field.type is bool:
            found[field.name] = False
        elif "tuple" in text and "bytes" in text:
            found[field.name] = [patient]
        elif "tuple" in text or "list" in text:
            found[field.name] = []
        else:
            found[field.name] = {}
    return found


def test_every_op_of_the_desk(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        token, patient, words = await _clinic(asked)
        answered = []
        for name, op in sorted(OPS.table.items()):
            kind = op.decoder.type
            if "desk" not in op.roles or name in _ENDS or "session" not in kind.__struct_fields__:
                continue
            try:
                told = await asked.desk(name, **_filled(kind, token, patient))
            except SeifasError as error:
                held = f"{error.message} {error.where}"
            else:
                answered.append(name)
                held = repr(told) + repr([one.hex() for one in _bytes_of(told)])
            for word in words:
                assert word not in held, (name, "tells of a patient")
        assert {"account.list", "clinic.profile", "template.list", "settings.view", "house.state"} <= set(answered)
        shut = ("patient.", "record.", "photo.", "glass.", "worklist.", "schedule.", "audit.", "review.", "erase.")
        assert not [one for one in answered if one.startswith(shut)]

    rig.run(deed)


def _bytes_of(value: Any) -> Iterator[bytes]:
    if isinstance(value, bytes):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from _bytes_of(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _bytes_of(one)


def test_every_page_of_the_desk(shared_stage: Stage) -> None:
    program = shared_stage.program(300)
    words = patients_about(shared_stage)
    assert len(words) >= 3
    for ident in tuple(words):
        found = program.read(f"/fhir/Patient/{ident}").json
        name = next(one for one in found["name"] if one.get("family"))
        words += [f"{given} {name['family']}" for given in name.get("given", ())]
        words += [one["value"] for one in (*found.get("telecom", ()), *found.get("identifier", ())) if one.get("value")]
    administrator = shared_stage.sign_in("administrator")
    home = administrator.read("/desk").body.decode()
    form = re.search(r'name="form" value="([0-9a-f]{64})"', home)
    assert form is not None
    patient = words[0]
    pages = [("GET", f"/desk/patient/{patient}"), ("GET", f"/desk/patient/{patient}/chart"), ("GET", "/desk")]
    pages += [(method, pattern) for method, pattern in served(ROUTES)]
    seen = 0
    for method, pattern in pages:
        path = re.sub(r"\{[^}]+\}", patient, pattern)
        if pattern in ("/desk/lock", "/auth/sign-out"):
            continue
        if method == "GET":
            answer = administrator.read(path)
        else:
            answer = administrator.form(path, {"form": form[1], "patient": patient, "query": "a", "id": patient})
        body = answer.body.decode("utf-8", "replace").replace(path, "")
        seen += answer.status == 200
        for word in words:
            # The address that was asked for comes back in places: the id is known to whoever typed it.
            assert word not in body or word == patient, (method, pattern, "tells of a patient")
        if answer.status == 200 and method == "GET":
            assert patient not in body, (method, pattern)
    assert seen >= 8


def test_the_officers_doors_are_shut(shared_stage: Stage) -> None:
    administrator = shared_stage.sign_in("administrator")
    for path in ("/desk/log", "/desk/reviews", "/desk/erasures", "/desk/undo", "/desk/budgets", "/desk/log/whole",
                 "/desk/alarms/live"):
        assert administrator.read(path).status == 403, path


def test_the_hat_is_no_way_round(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        asked.keeper.approvals.policy = Policy(gestures=False, seasoned_ms=0)
        token = await asked.person("boss2", "administrator")
        for hat in ("doctor", "officer", "machine", "auditor"):
            with pytest.raises(SeifasError):
                await asked.desk("session.hat", session=token, hat=hat)
        with pytest.raises(Refused):
            await asked.desk("account.hats", session=token, account="boss2", hats=["doctor"])
        # A puppet with a hat that approves waits for another person, who is not himself.
        made = await asked.desk(
            "account.add", session=token, account="lele", display="Lėlė", hats=["officer", "reception"]
        )
        assert (made["hats"], made["waits"]) == (["reception"], True)
        waiting = (await asked.desk("approval.list", session=token))[0]
        with pytest.raises(Refused):
            await asked.desk("approval.decide", session=token, id=waiting["id"], approve=True)
        await asked.account("careful", "officer")
        await asked.enrol("careful")
        # Nobody's way of signing in is remade or taken by one alone.
        with pytest.raises(Refused):
            await asked.desk("account.invite", session=token, account="careful")
        asked_for = await asked.desk("account.means_ask", session=token, account="careful")
        with pytest.raises(Refused):
            await asked.desk("approval.decide", session=token, id=asked_for["id"], approve=True)
        assert asked.keeper.accounts.find("careful").passkeys
        other = await asked.person("careful2", "officer")
        await asked.desk("approval.decide", session=other, id=asked_for["id"], approve=True)
        assert not asked.keeper.accounts.find("careful").passkeys
        link = await asked.desk("account.invite", session=token, account="careful")
        assert (await asked.desk("session.invite", token=link["token"], address="127.0.0.1"))["token"]
        kinds = {one.kind for one in asked.keeper.alarms.all()}
        assert {"means-taken", "invited"} <= kinds

    rig.run(deed)
