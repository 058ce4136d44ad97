"""Deadlines of a case: by the law of its day, by what was signed, and again with a reason when facts change."""

from __future__ import annotations

from datetime import datetime

import msgspec
import pytest
from deadline_entries import ZONE, Written, ms
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from seifas.errors import Invalid
from seifas.incidents.calendar_feed import calendar_of
from seifas.incidents.deadlines import (
    Deadline,
    Met,
    Outcome,
    Profile,
    checked_profile,
    compute,
    profile_of,
)
from seifas.incidents.filings.catalogue import FORMS
from seifas.incidents.issuing import changes, issue, issued_of, met_by, mets_of, rows
from seifas.incidents.rules import RULES
from seifas.incidents.timeline import WORDS

NOW = ms("2027-12-01T12:00")
EVERYTHING = (
    ("aware-processor", "08:00"), ("aware", "09:00"), ("aware-significant", "09:30"), ("high-risk", "10:00"),
    ("request", "11:00"), ("new-fact", "12:00"), ("contained", "13:00"), ("report-asked", "14:00"),
    ("investigation", "15:00"),
)  # fmt: skip


def by_rule(outcome: Outcome) -> dict[str, Deadline]:
    return {one.rule: one for one in outcome.deadlines}


def everything(day: str, **profile: str) -> Written:
    made = Written()
    for word, time in EVERYTHING:
        made.event(word, f"{day}T{time}")
    if profile:
        made.profile(**profile)
    return made


@pytest.mark.parametrize(
    ("day", "profile", "due"),
    [
        ("2017-03-24", {}, set()),
        ("2017-03-24", {"ksis": "essential", "ksis_since": "2016-01-01", "risk": "high", "abroad": "yes"}, set()),
        ("2019-03-24", {}, {"G1", "G2", "G3", "G4", "G5", "G6"}),
        ("2019-03-24", {"abroad": "yes"}, {"G1", "G2", "G3", "G4", "G5", "G6", "G7"}),
        ("2026-03-24", {"ksis": "no"}, {"G1", "G2", "G3", "G4", "G5", "G6"}),
        ("2026-03-24", {"ksis": "important", "ksis_since": "2026-03-25"}, {"G1", "G2", "G3", "G4", "G5", "G6"}),
        ("2026-03-24", {"ksis": "important", "ksis_since": "2025-06-01"},
         {"G1", "G2", "G3", "G4", "G5", "G6", "N1", "N2", "N3", "N4", "N5", "N6"}),
    ],
)  # fmt: skip
def test_the_same_facts_under_the_law_of_their_day(day: str, profile: dict[str, str], due: set[str]) -> None:
    outcome = compute(everything(day, **profile).entries, NOW, ZONE)
    assert {one.rule for one in outcome.deadlines} == due
    assert {one.rule for one in outcome.proposed} == {"P1"}
    troubles = {one.trouble for one in outcome.problems}
    if day < "2018":
        assert troubles == {"before-law"}
    elif profile.get("ksis_since") == "2026-03-25":
        assert troubles == {"not-registered"}
    elif day > "2026" and profile["ksis"] == "no":
        assert not troubles


def test_72_hours_across_both_changes_of_clocks() -> None:
    for aware, strict, formal in (
        ("2027-03-26T14:20", "2027-03-29T15:20", "2027-03-29T16:00"),
        ("2026-10-23T14:20", "2026-10-26T13:20", "2026-10-26T14:00"),
    ):
        made = Written()
        event = made.event("aware", aware)
        g1 = by_rule(compute(made.entries, NOW, ZONE))["G1"]
        assert (g1.strict_ms, g1.formal_ms, g1.event) == (ms(strict), ms(formal), event)
        assert g1.version == 1
        assert len(g1.digest) == 64
        assert g1.inputs == {"personal_data": "unknown", "risk": "unknown"}
        assert not g1.checked_by


def test_of_two_awareness_times_the_strictest_counts_and_both_are_held() -> None:
    made = Written()
    late = made.event("aware", "2026-03-24T18:00")
    early = made.event("aware", "2026-03-24T09:00")
    processor = made.event("aware-processor", "2026-03-24T08:00")
    g1 = by_rule(compute(made.entries, NOW, ZONE))["G1"]
    assert [one.event for one in g1.readings] == [processor, early, late]
    assert g1.event == processor
    assert g1.strict_ms == ms("2026-03-27T08:00")
    assert [one.strict_ms for one in g1.readings] == sorted(one.strict_ms for one in g1.readings)


def test_no_clock_hangs_on_what_is_unsigned_timeless_taken_back_or_to_come() -> None:
    made = Written()
    made.event("aware", "2026-03-24T09:00", signed=False)
    made.event("request", "", precision="unknown")
    made.event("aware", "2027-12-01T12:06")
    back = made.event("aware", "2026-03-20T09:00")
    made.event("aware", "2026-03-20T09:00", about=back, retracted="Klaida")
    outcome = compute(made.entries, NOW, ZONE)
    assert outcome.deadlines == ()
    assert [one.trouble for one in outcome.problems] == ["unsigned", "no-time", "future"]
    assert compute(made.entries, ms("2027-12-01T12:07"), ZONE).deadlines  # the clock went on


def test_an_event_known_to_the_day_counts_from_its_beginning() -> None:
    made = Written()
    made.event("aware", "2026-03-24", precision="day")
    assert by_rule(compute(made.entries, NOW, ZONE))["G1"].strict_ms == ms("2026-03-27T00:00")


def registered() -> Written:
    made = Written()
    made.profile(ksis="essential", ksis_since="2025-01-01")
    made.event("aware-significant", "2026-03-24T09:00")
    return made


def test_the_final_report_holds_both_readings_and_shows_the_earlier() -> None:
    made = registered()
    n4 = by_rule(compute(made.entries, NOW, ZONE))["N4"]
    assert [(one.instead, one.strict_ms) for one in n4.readings] == [
        ("N1", ms("2026-04-25T09:00")), ("N2", ms("2026-04-27T09:00")),
    ]  # fmt: skip
    assert n4.strict_ms == ms("2026-04-25T09:00")
    warned = made.event("early-warning", "2026-03-24T15:00")
    n4 = by_rule(compute(made.entries, NOW, ZONE))["N4"]
    assert (n4.event, n4.strict_ms) == (warned, ms("2026-04-24T15:00"))
    assert n4.readings[1].instead == "N2"
    # Told within minutes, and the early warning forgotten: then the notice is the earlier one.
    other = registered()
    other.event("incident-notice", "2026-03-24T10:00")
    n4 = by_rule(compute(other.entries, NOW, ZONE))["N4"]
    assert n4.strict_ms == ms("2026-04-24T10:00")
    assert n4.readings[1].instead == "N1"


def test_registration_that_nobody_knows_is_asked_for() -> None:
    made = Written()
    made.event("aware-significant", "2026-03-24T09:00")
    outcome = compute(made.entries, NOW, ZONE)
    assert {one.trouble for one in outcome.problems} == {"which-registered"}
    assert not outcome.deadlines


def test_a_breach_without_risk_goes_into_the_register_only() -> None:
    made = everything("2026-03-24", risk="unlikely", ksis="no")
    assert {one.rule for one in compute(made.entries, NOW, ZONE).deadlines} == {"G3", "G5", "G6"}


def test_every_request_has_a_month_of_its_own() -> None:
    made = Written()
    first = made.event("request", "2026-01-31T10:00")
    second = made.event("request", "2026-02-05T10:00")
    found = compute(made.entries, NOW, ZONE).deadlines
    assert [(one.key, one.strict_ms) for one in found] == [
        (f"G6/{first}", ms("2026-02-28T10:00")), (f"G6/{second}", ms("2026-03-05T10:00")),
    ]  # fmt: skip


def issued_now(made: Written, reason: str = "") -> list[Deadline]:
    kept = []
    for change in changes(compute(made.entries, NOW, ZONE), issued_of(made.entries)):
        deadline = issue(change, reason)
        made.add("deadline", msgspec.json.encode(deadline), about=change.about)
        kept.append(deadline)
    return kept


def test_facts_that_change_issue_again_with_a_reason_and_overwrite_nothing() -> None:
    made = Written()
    made.event("aware", "2026-03-24T18:00")
    assert {one.rule for one in issued_now(made)} == {"G1", "G5"}
    assert issued_now(made) == []
    earlier = made.event("aware", "2026-03-24T09:00")
    asked = changes(compute(made.entries, NOW, ZONE), issued_of(made.entries))
    assert {one.kind for one in asked} == {"changed"}
    assert {"earlier", "event"} <= set(asked[0].why)
    for word in ("", " ", "ne", "x" * 301):
        with pytest.raises(Invalid) as error:
            issue(asked[0], word)
        assert error.value.where == "reason"
    assert {one.reason for one in issued_now(made, "Direktorė žinojo anksčiau")} == {"Direktorė žinojo anksčiau"}
    held = issued_of(made.entries)["G1"]
    assert held.deadline.event == earlier
    assert [one.strict_ms for one in held.before] == [ms("2026-03-27T18:00")]
    assert len([one for one in made.entries if one.kind == "deadline"]) == 4
    # No risk after all: what was due is taken back, and comes back when that was wrong.
    made.profile(risk="unlikely")
    assert [(one.rule, one.why) for one in issued_now(made, "Rizikos nėra")] == [("G1", ("gone",))]
    assert not issued_of(made.entries)["G1"].stands
    assert issued_now(made) == []
    made.profile(risk="high")
    assert [(one.rule, one.why) for one in issued_now(made, "Rizika yra")] == [("G1", ("back",))]
    assert issued_of(made.entries)["G1"].stands
    assert len(issued_of(made.entries)["G1"].before) == 3


def test_what_is_late_soon_and_met() -> None:
    made = Written()
    made.event("aware", "2026-03-24T09:00")
    made.event("request", "2026-03-01T09:00")

    def states(now: str) -> dict[str, str]:
        outcome = compute(made.entries, ms(now), ZONE)
        return {one.deadline.rule: one.state for one in rows(outcome, {}, mets_of(made.entries), ms(now))}

    assert states("2026-03-24T10:00") == {"G1": "due", "G5": "due", "G6": "due"}
    assert states("2026-03-26T09:00")["G1"] == "soon"
    assert states("2026-03-27T08:59")["G1"] == "soon"
    assert states("2026-03-27T09:00")["G1"] == "late"
    met = made.add("deadline-met", msgspec.json.encode(Met(key="G1", at_ms=ms("2026-03-27T08:59"), how="Pateikta")))
    assert states("2026-04-30T09:00")["G1"] == "met"
    taken = Met(key="G1", at_ms=ms("2026-03-27T08:59"), how="Pateikta", retracted="Nepateikta")
    made.add("deadline-met", msgspec.json.encode(taken), about=met)
    assert states("2026-04-30T09:00")["G1"] == "late"
    made.add("deadline-met", msgspec.json.encode(Met(key="G1", at_ms=ms("2026-03-27T09:00"), how="Pateikta")))
    assert states("2026-04-30T09:00")["G1"] == "met-late"


def test_a_profile_that_says_half_is_refused_and_a_broken_one_counts_for_nothing() -> None:
    for since in ("", "2026-02-30", "vakar"):
        with pytest.raises(Invalid) as error:
            checked_profile(Profile(ksis="important", ksis_since=since))
        assert error.value.where == "ksis_since"
    made = Written()
    made.profile(risk="high")
    for body in (b"", b"\xff", b"{", b'{"risk":"perhaps"}', b'{"ksis":"important"}', b"[]"):
        made.add("profile", body)
        made.add("deadline", body)
        made.add("deadline-met", body)
    assert profile_of(made.entries).risk == "high"
    assert issued_of(made.entries) == {}
    assert mets_of(made.entries) == {}


events = st.lists(
    st.tuples(
        st.sampled_from(WORDS), st.datetimes(datetime(2018, 6, 1), datetime(2027, 11, 1)),
        st.booleans(),
    ),
    max_size=8,
)  # fmt: skip
profiles = st.fixed_dictionaries({
    "risk": st.sampled_from(["unknown", "unlikely", "some", "high"]), "ksis": st.sampled_from(["unknown", "no"]),
    "abroad": st.sampled_from(["unknown", "yes", "no"]), "personal_data": st.sampled_from(["unknown", "yes", "no"]),
})  # fmt: skip


@given(events, profiles | st.just({"ksis": "important", "ksis_since": "2025-01-01"}))
def test_whatever_happened_the_readings_are_in_order(
    happened: list[tuple[str, datetime, bool]], facts: dict[str, str]
) -> None:
    made = Written()
    for word, at, signed in happened:
        if not datetime(at.year, at.month, at.day, 3) <= at < datetime(at.year, at.month, at.day, 4):
            made.event(word, at.strftime("%Y-%m-%dT%H:%M"), signed=signed)  # 3 to 4 may be an hour that never was
    made.profile(**facts)
    outcome = compute(made.entries, NOW, ZONE)
    signed_events = {one.entry for one in made.entries}
    for one in (*outcome.deadlines, *outcome.proposed):
        assert one.strict_ms <= one.formal_ms
        assert one.strict_ms == min(each.strict_ms for each in one.readings)
        assert all(each.event in signed_events or each.instead for each in one.readings)
        assert not one.checked_by
        assert one.event_ms >= ms("2018-05-25T00:00") or one.status == "proposed"
    assert len({one.key for one in outcome.deadlines}) == len(outcome.deadlines)
    issued_now(made)
    assert changes(compute(made.entries, NOW, ZONE), issued_of(made.entries)) == []
    for language in ("lt", "en"):
        feed = calendar_of(issued_of(made.entries).values(), {}, language)
        timed = [one for one in outcome.deadlines if one.due_ms]
        assert len(Calendar.from_ical(feed).walk("VEVENT")) == len(timed)


def test_the_feed_says_the_title_the_times_and_nothing_else() -> None:
    made = Written()
    made.event("aware", "2026-03-24T18:00")
    issued_now(made)
    made.event("aware", "2026-03-24T09:00")
    issued_now(made, "Slaptas žodis")
    feed = calendar_of(issued_of(made.entries).values(), {}, "en")
    assert "Slaptas" not in feed.decode()
    assert all(one.entry not in feed.decode() for one in made.entries)
    g1 = next(one for one in Calendar.from_ical(feed).walk("VEVENT") if "Notify" in one["summary"])
    assert g1.decoded("dtstart").isoformat() == "2026-03-27T07:00:00+00:00"
    assert g1["sequence"] == 1
    assert g1["status"] == "TENTATIVE"
    assert "Latest arguable: 2026-03-27 08:00 UTC" in g1["description"]
    assert "Not checked by a lawyer." in g1["description"]
    made.add("deadline-met", msgspec.json.encode(Met(key="G1", at_ms=1, how="x")))
    lithuanian = calendar_of(issued_of(made.entries).values(), mets_of(made.entries), "lt").decode()
    assert "Pranešti" not in lithuanian
    assert "registr" in lithuanian
    made.profile(personal_data="no")
    issued_now(made, "Duomenų nebuvo")
    gone = Calendar.from_ical(calendar_of(issued_of(made.entries).values(), {}, "lt")).walk("VEVENT")
    assert {one["status"] for one in gone} == {"CANCELLED"}


def test_a_filing_that_was_sent_meets_what_asked_for_it() -> None:
    made = registered()
    made.event("aware", "2026-03-24T09:00")
    new = made.event("new-fact", "2026-03-26T12:00")
    now = ms("2026-03-27T12:00")

    def sent(form: str, at: str) -> list[str]:
        found = met_by(made.entries, form, ms(at), "E.pristatymas", "0" * 32, now_ms=now, zone=ZONE)
        for one in found:
            made.add("deadline-met", msgspec.json.encode(one))
        return [one.key for one in found]

    assert sent("insurer", "2026-03-25T09:00") == []
    assert sent("vdai", "2026-03-23T09:00") == []  # before anybody was aware
    assert sent("nksc-24", "2026-03-24T20:00") == ["N1"]
    assert sent("vdai", "2026-03-25T09:00") == ["G1"]
    assert sent("vdai", "2026-03-26T13:00") == [f"G2/{new}"]
    assert sent("vdai", "2026-03-26T13:00") == []
    states = {one.deadline.rule: one.state for one in
              rows(compute(made.entries, now, ZONE), {}, mets_of(made.entries), now)}  # fmt: skip
    assert (states["N1"], states["N2"], states["G1"]) == ("met", "late", "met")


def test_the_forms_that_rules_ask_for_are_there() -> None:
    asked = {one.form_id for one in RULES if one.recipient in ("vdai", "nksc", "internal", "police") and one.form_id}
    assert asked <= set(FORMS)
