from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seifas.errors import Refused
from seifas.keeper.identity.hats import ALLOWED, PERSONS, Hat, allows, require

PATIENT_OPS = (
    "patient.search", "patient.caller", "record.read", "record.vread", "record.list", "record.write", "record.where",
    "photo.open", "worklist.open", "glass.break", "schedule.day", "open.card", "open.chart", "open.photo",
    "write.card", "write.chart",
)


@pytest.mark.parametrize("hat", [Hat.ADMINISTRATOR, Hat.AUDITOR, Hat.OUTSIDE])
@pytest.mark.parametrize("op", PATIENT_OPS)
def test_hats_that_see_no_patient(hat: Hat, op: str) -> None:
    assert not allows(hat, op)


@pytest.mark.parametrize("op", [op for op in PATIENT_OPS if not op.startswith("incident.")])
def test_officer_opens_no_chart_but_through_an_incident(op: str) -> None:
    assert not allows(Hat.OFFICER, op)
    assert allows(Hat.OFFICER, "incident.open")


def test_reception_sees_cards_only() -> None:
    assert all(allows(Hat.RECEPTION, op) for op in ("patient.search", "patient.caller", "schedule.book", "open.card"))
    for op in ("open.chart", "open.photo", "write.chart", "glass.break", "record.list", "record.vread", "photo.open"):
        assert not allows(Hat.RECEPTION, op)


@pytest.mark.parametrize("hat", [Hat.DOCTOR, Hat.NURSE])
def test_those_who_treat_open_everything_and_run_nothing(hat: Hat) -> None:
    assert all(allows(hat, op) for op in PATIENT_OPS)
    for op in ("account.create", "client.add", "audit.read", "alarm.list", "approval.decide", "session.thaw"):
        assert not allows(hat, op)


def test_only_the_officer_handles_other_peoples_sessions() -> None:
    for op in ("session.freeze", "session.thaw", "session.all"):
        assert [hat for hat in Hat if allows(hat, op)] == [Hat.OFFICER]


@pytest.mark.parametrize("op", ["session.hat", "stepup.begin", "passkey.add_begin", "account.create", "audit.read",
                                "glass.break", "approval.decide", "worklist.make", "photo.open"])
def test_machines_have_no_people_operations(op: str) -> None:
    assert not allows(Hat.MACHINE, op)


def test_every_hat_has_a_table_and_machine_is_not_for_people() -> None:
    assert set(ALLOWED) == set(Hat)
    assert Hat.MACHINE not in PERSONS


@given(st.text(max_size=40), st.sampled_from(list(Hat)))
def test_nothing_unlisted_is_allowed(op: str, hat: Hat) -> None:
    listed = op in ALLOWED[hat] or any(op.startswith(entry) for entry in ALLOWED[hat] if entry.endswith("."))
    assert not (allows(hat, op) and not listed)


@pytest.mark.parametrize("op", ["", ".", "record", "recordx.read", "RECORD.read", " record.read", "record\0.read"])
def test_near_misses_are_refused(op: str) -> None:
    with pytest.raises(Refused) as caught:
        require(Hat.DOCTOR, op)
    assert caught.value.where == op
