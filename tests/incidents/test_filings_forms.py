"""The forms: fields of the authority's form filled as they should be, what is missing named, words in both tongues."""

from __future__ import annotations

import pytest
from filings_case import AT_MS, AWARE, CASE, FILE, SENT, SNAPSHOT, TYPED, known
from hypothesis import given
from hypothesis import strategies as st

from seifas.errors import Invalid
from seifas.incidents.filings.catalogue import FACTS, FORMS, GROUPS
from seifas.incidents.filings.facts import Answer, Facts, checked, last_ms, newest, written
from seifas.incidents.filings.rendering import Document, render
from seifas.incidents.filings.words import WORDS
from seifas.incidents.standing import Entry

HOUR_MS = 3_600_000


def _said(document: Document) -> dict[str, str]:
    return {
        row.no: " | ".join(f"{one.label}={one.text}" if one.label else one.text for one in row.values)
        for row in document.fields
    }


def test_the_form_of_the_data_protection_authority() -> None:
    """Golden fields (law.md, the form's fields 0 to 8), by hand."""
    document = render(FORMS["vdai"], known(), "lt")
    said = _said(document)
    assert said == {
        "0": "Pavadinimas=Pavyzdinė klinika | Juridinio asmens kodas=300000000 | Adresas=Laisvės al. 1, 44001 Kaunas | "
             "El. paštas=info@klinika.example | Telefonas=+370 37 000000",
        "1.1": "Pažeidimo pradžia=2026-01-17 | Pažeidimas nustatytas=2026-03-24 14:05",
        "1.2": "Vieta=duomenų bazė; darbo vieta arba serveris", "1.3": "konfidencialumą",
        "1.4": "Apytikslis žmonių skaičius=24000 | Iš jų: duomenys paskelbti=35 | Iš jų: duomenys paimti=965 | "
               "Iš jų: duomenys buvo pasiekiami=23000 | Be to: tik užšifruoti duomenys, raktai nepaimti=0",
        "1.5": "Žmonių kategorijos=pacientai | Kitos šalys, kurių gyventojai paliesti=DE, DK, NO",
        "1.6": "Duomenų kategorijos=tapatybės duomenys (vardas, pavardė, amžius, gimimo data, lytis); specialių "
               "kategorijų duomenys (sveikata, biometriniai, genetiniai, lytinis gyvenimas)",
        "1.7": "25000",
        "1.8": "Kas įvyko, keliais sakiniais=Rasta 35 kortelių kopija; nukopijuota visa duomenų bazė. | "
               "Grėsmės rūšis arba tikėtina pirminė priežastis=Įsilaužimas",
        "2.1": "duomenys išplito plačiau, nei reikia, ir prarasta jų kontrolė (pvz., internete); gali būti panaudoti "
               "kitais ar neteisėtais tikslais (tapatybės vagystė, prieš patį žmogų)",
        "2.2": "–", "2.3": "–", "2.4": "–", "3.1": "Žmonėms rašomi laiškai.", "3.2": "Prieiga uždaryta.",
        "3.3": "Raktai pakeisti.", "4": "–", "5.1": "2026-03-26", "5.2": "paštu; el. paštu", "5.3": "–", "5.4": "–",
        "5.5": "–",
        "6": "Vardas ir pavardė=Ona Pareigūnė | Telefonas=+370 37 000000 | El. paštas=dpo@klinika.example | "
             "Darbovietė ir jos adresas=Pavyzdinė klinika, Laisvės al. 1, 44001 Kaunas",
        "7": "Nevėluojama.", "8": "–",
    }  # fmt: skip
    assert document.missing == ()
    assert document.snapshots == (SNAPSHOT,)
    english = _said(render(FORMS["vdai"], known(), "en"))
    assert english["1.3"] == "confidentiality"
    assert english["7"] == "There is no delay."
    assert said.keys() == english.keys()


def test_every_number_names_its_list_and_its_query_and_every_fact_what_it_rests_on() -> None:
    document = render(FORMS["vdai"], known(), "en")
    by_mark = {one.mark: one for one in document.grounds}
    numbers = next(one for one in document.fields if one.no == "1.4")
    queries = [by_mark[one].words for one in numbers.marks]
    assert all(SNAPSHOT in one for one in queries)
    assert any('{"grade":["published"]}' in one for one in queries)
    story = next(one for one in document.fields if one.no == "1.8")
    assert any(FILE.sha256 in by_mark[one].words for one in story.marks)
    when = next(one for one in document.fields if one.no == "1.1")
    assert any(AWARE.entry[:8] in by_mark[one].words for one in when.marks)


def test_evidence_that_was_taken_back_is_said_to_be() -> None:
    document = render(FORMS["vdai"], known(files=()), "en")
    assert any("withdrawn since" in one.words and FILE.id in one.words for one in document.grounds)


@pytest.mark.parametrize(("fact", "fields"), [
    ("story", ("1.8",)), ("records", ("1.7",)), ("measures-end", ("3.2",)), ("told-on", ("5.1", "5.4")),
    ("controller-code", ("0",)), ("data-kinds", ("1.6",)),
])  # fmt: skip
def test_what_is_needed_and_missing_is_named(fact: str, fields: tuple[str, ...]) -> None:
    typed = {name: one for name, one in TYPED.items() if name != fact}
    document = render(FORMS["vdai"], known(typed), "lt")
    assert document.missing == fields
    row = next(one for one in document.fields if one.no == fields[0])
    assert FACTS[fact].lt in row.missing


def test_one_of_several_is_enough() -> None:
    typed = {name: one for name, one in TYPED.items() if name != "told-on"}
    typed["told-why-not"] = Answer(chosen=("unknown",))
    assert render(FORMS["vdai"], known(typed), "lt").missing == ()


@pytest.mark.parametrize(("hours", "late"), [(0, False), (58, False), (59.5, True), (500, True)])
def test_a_late_notification_needs_its_reasons(hours: float, late: bool) -> None:
    """72 hours after 2026-03-24 14:05 in Vilnius is 2026-03-27 12:05 UTC, 59.2 hours after AT_MS."""
    document = render(FORMS["vdai"], known(now_ms=AT_MS + int(hours * HOUR_MS)), "lt")
    assert ("7" in document.missing) is late


def test_nobody_knows_anything_and_every_form_still_is_made() -> None:
    for form in FORMS.values():
        for language in ("lt", "en"):
            document = render(form, known({}, files=(), events=(), demands=()), language)
            assert document.fields
            assert document.title


def test_the_early_warning_and_the_reports_that_follow() -> None:
    early = _said(render(FORMS["nksc-24"], known(), "en"))
    assert early["1.4"] == CASE
    assert early["2.1"] == "2026-03-24 15:00"
    assert early["2.3"] == "yes"
    assert early["2.4"].startswith("Impact in other states=yes")
    for name in ("nksc-72", "nksc-progress", "nksc-month"):
        assert render(FORMS[name], known(), "lt").missing == (), name


def test_the_police_get_demands_and_hashes_and_the_register_what_was_sent() -> None:
    police = {one.no: one for one in render(FORMS["police"], known(), "en").fields}
    assert police["3.1"].rows == (
        ("2026-03-23 23:10", "300 BTC", "2026-06-30", "1BoatSLRHtKNngkdXEeobR76b53LETtpyT", "Pay or all is sold."),
    )
    assert police["4.1"].rows == ((FILE.id[:8], FILE.sha256, "48120", "2026-03-24 02:45"),)
    assert "181: extortion" in police["2.2"].values[0].text
    register = {one.no: one for one in render(FORMS["register"], known(sent=(SENT,)), "en").fields}
    assert register["3.1"].rows[0][2:] == ("2026-03-25 03:10", "E.pristatymas", "3R-1")


def test_the_forms_say_where_their_fields_are_from_and_ask_for_facts_that_there_are() -> None:
    numbers = {}
    for form in FORMS.values():
        assert form.source
        assert form.checked_on <= "2026-12-31"
        assert not form.outside or form.lt != form.en
        for one in form.fields:
            assert one.auto or one.facts, (form.id, one.no)
            assert set(one.facts) | set(one.more) <= FACTS.keys(), (form.id, one.no)
            assert (form.id, one.no) not in numbers
            numbers[form.id, one.no] = one
            assert one.need != "any" or one.of
    used = {name for one in numbers.values() for name in (*one.facts, *one.more)}
    assert used == FACTS.keys()
    assert FORMS["edpb"].status == "draft"


def test_every_word_is_in_both_languages() -> None:
    words = [(one.lt, one.en) for group in GROUPS for one in (group, *group.facts)]
    words += [(lt, en) for fact in FACTS.values() for _, lt, en in fact.choices]
    words += [(one.lt, one.en) for form in FORMS.values() for one in (form, *form.section, *form.fields)]
    words += list(WORDS.values())
    assert all(lt.strip() and en.strip() for lt, en in words)


@pytest.mark.parametrize(("name", "answer"), [
    ("records", Answer(text="-1")), ("records", Answer(text="1.5")), ("records", Answer(text="9" * 14)),
    ("began", Answer(text="2026-03-29T03:30")), ("began", Answer(text="24.03.2026")), ("told-on", Answer(text="now")),
    ("unlawful", Answer(text="maybe")), ("place", Answer(chosen=("moon",))), ("place", Answer(text="database")),
    ("place", Answer(chosen=("paper", "paper"))), ("sector", Answer(text="x" * 301)), ("sector", Answer(text="a\nb")),
    ("story", Answer(text="x" * 6_001)), ("story", Answer(text="\x00")),
    ("story", Answer(text="x", grounds=("file:1",))),
    ("story", Answer(text="x", grounds=("http://x",))), ("records", Answer(text="35", chosen=("35",))),
    ("none", Answer()),
])  # fmt: skip
def test_an_answer_that_is_none_is_refused(name: str, answer: Answer) -> None:
    with pytest.raises(Invalid):
        checked(Facts(zone="Europe/Vilnius", answers={name: answer}))


def _entry(seq: int, body: bytes) -> Entry:
    return Entry(entry=f"{seq:032x}", seq=seq, kind="facts", about="", ms=0, case_ms=0, by="", hat="", signed=False,
                 body=body, line=0)  # fmt: skip


@given(st.binary(max_size=200))
def test_an_entry_that_is_none_hides_no_facts(broken: bytes) -> None:
    good = Facts(zone="Europe/Vilnius", answers={"records": Answer(text="35")})
    found = newest([_entry(1, written(good)), _entry(2, broken)])
    assert found is not None
    assert found[1].zone == "Europe/Vilnius"


@given(st.text(max_size=400), st.sampled_from(sorted(FACTS)))
def test_whatever_is_typed_is_kept_whole_or_refused(text: str, name: str) -> None:
    facts = Facts(zone="Europe/Vilnius", answers={name: Answer(text=text)})
    try:
        kept = checked(facts)
    except Invalid:
        return
    assert newest([_entry(1, written(kept))]) == (f"{1:032x}", kept)
    assert last_ms(kept, "established") is None or name == "established"
