"""Papers about a flood: hostile words stay words, both languages say the same, and nobody is called a culprit."""

import base64
import csv
import io
import json
import string
import subprocess
from hashlib import sha256

import flood_makers as makers
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seifas.errors import Invalid
from seifas.shield.evidence import callsheet, chain, minute_forms, plain, summary, uplink
from seifas.shield.evidence.chain import Head, Kept
from seifas.shield.evidence.lists import Rule
from seifas.shield.evidence.making import FORMS, Evidence, made, name_of
from seifas.shield.evidence.paper import About, number
from seifas.shield.evidence.uplink import Kind
from seifas.shield.evidence.words import EN, LT
from seifas.shield.model import Minute

HOSTILE = [
    "%3Cscript%3Ealert(1)%3C%2Fscript%3E", "%3D1%2B1", "=cmd|' /C calc'!A0", "%E2%80%AEtxt.exe", "%00%1B%5B31m",
    "%FF%FE", '#set page(paper: "a0")', "$x$ *b* _i_ @ref <label> // c", "%F0%9F%98%80", "%D9%85", "-1", "+1", "@x",
    "\tx", "\r\nx", "a" * 5_000, "", "%0D%0AX: y", "\udcff",
]  # fmt: skip
HEAD = makers.sample(
    "GET /\u202e=1 HTTP/1.1\r\nhost: x\r\nuser-agent: <b>\x1b[31m\x00\r\nx-\u05d0: #let a = 1\r\n" + "a: b\r\n" * 90
)
ABOUT = About(
    clinic="Klinika „Žolė“ <b>", event="ab" * 16, made_ms=makers.BEGAN + 600_000, host="klinika.example",
    log="klinika.example/log", line=41, digest="cd" * 32, problems=(), phone="+370 600 00000",
)  # fmt: skip
FULL = {"rx_bytes": 1.2e8, "tx_bytes": 1e7, "rx_packets": 2e5, "rx_dropped": 0.0, "link_bytes": 1.25e8}


def minutes() -> list[Minute]:
    return [makers.minute(place, paths=HOSTILE, samples=[HEAD, "x"], uplink=FULL) for place in range(4)]


def kept() -> list[Kept]:
    head, found = Head.begin(makers.CHAIN), []
    for place, one in enumerate(minutes()):
        link, head = chain.linked(head, one)
        found.append(Kept(place, sha256(link).digest(), link))
    return found


def words_in(pdf: bytes) -> str:
    done = subprocess.run(["pdftotext", "-layout", "-", "-"], input=pdf, capture_output=True, timeout=20, check=True)
    return " ".join(done.stdout.decode("utf-8").split())


@pytest.mark.parametrize("language", ["lt", "en"])
def test_the_summary_of_a_hostile_flood_is_a_pdf_that_lasts(language: str) -> None:
    book = makers.joined({"198.51.100.1": (9, 0), "2001:db8::1": (9, 0)})
    pdf = summary.summary(ABOUT, [chain.opened(one.body).minute for one in kept()], makers.changes(), book, language)
    assert b"pdfaid:part" in pdf
    text = words_in(pdf)
    assert "<script>alert(1)</script>" in text
    assert "\\u{202e}" in text
    assert "\u202e" not in text
    assert "\x1b" not in text
    assert '#set page(paper: "a0")' in text
    assert "host, user-agent" in text
    assert "AS64500 =EXAMPLE <b>" in text
    assert "Klinika „Žolė“ <b>" in text
    assert ("skirtingų adresų per minutę" if language == "lt" else "different addresses a minute") in text
    assert "ab" * 16 in text


@pytest.mark.parametrize("language", ["lt", "en"])
def test_the_papers_of_a_flood_of_which_nothing_is_known_yet(language: str) -> None:
    about = msgspec.structs.replace(ABOUT, line=-1, digest="", problems=None, exercise=True)
    text = words_in(summary.summary(about, [], [], None, language))
    assert ("PRATYBOS" if language == "lt" else "EXERCISE") in text
    assert "____" in words_in(callsheet.call_sheet(about, [], language))
    assert callsheet.call_words(about, [], language)


def test_another_language_is_refused() -> None:
    with pytest.raises(Invalid):
        summary.summary(ABOUT, [], [], None, "de")
    with pytest.raises(Invalid):
        callsheet.call_words(ABOUT, [], "de")


def test_what_is_wrong_with_the_chain_stands_in_the_summary() -> None:
    about = msgspec.structs.replace(ABOUT, problems=("before line 3, minutes 1 to 1 are missing",))
    assert "minutes 1 to 1 are missing" in words_in(summary.summary(about, minutes(), [], None, "en"))


def test_the_call_sheet_says_whether_the_line_is_full_and_names_no_address() -> None:
    for language, said in (("lt", "TAIP"), ("en", "YES")):
        text = words_in(callsheet.call_sheet(ABOUT, minutes(), language))
        assert said in text
        assert "RFC 7999" in text
        plain_text = callsheet.call_words(ABOUT, minutes(), language)
        assert said in plain_text
        assert "____" in plain_text
        assert "198.51.100.1 " not in plain_text
    now = callsheet.call_words(ABOUT, [makers.minute(0)], "en", {"link_bytes": 1e8, "rx_bytes": 1e6, "tx_bytes": 1e6})
    assert "NO: the line is free (1" in now


@pytest.mark.parametrize(("figures", "kind"), [
    ({}, Kind.UNKNOWN), ({"rx_bytes": 1e9, "link_bytes": 0.0}, Kind.UNKNOWN), (FULL, Kind.FULL_IN),
    (FULL | {"rx_bytes": 1e7}, Kind.FREE), (FULL | {"rx_bytes": 7e7}, Kind.BUSY),
    (FULL | {"rx_bytes": 1e7, "tx_bytes": 1.2e8}, Kind.FULL_OUT),
    ({"rx_packets": 99_000.0, "rx_dropped": 1_000.0}, Kind.PACKETS),
    ({"rx_packets": 1e6, "rx_dropped": 10.0, "syn_overflows": 100.0, "accepted": 900.0}, Kind.SYN),
    ({"rx_packets": 40.0, "rx_dropped": 9.0, "syn_overflows": 2.0, "accepted": 1.0}, Kind.UNKNOWN),
    ({"rx_packets": 0.0, "rx_dropped": 0.0, "syn_overflows": 0.0, "accepted": 0.0}, Kind.UNKNOWN),
])  # fmt: skip
def test_what_the_figures_of_the_line_say(figures: dict[str, float], kind: Kind) -> None:
    verdict = uplink.judged(figures)
    assert verdict.kind == kind
    assert verdict.volumetric == (kind in {Kind.FULL_IN, Kind.PACKETS, Kind.SYN})
    for language in ("lt", "en"):
        assert "{" not in callsheet.verdict_words(verdict, language)


def test_the_worst_minute_counts() -> None:
    told = [makers.minute(0, uplink=FULL | {"rx_bytes": 1e6}), makers.minute(1, uplink=FULL), makers.minute(2)]
    assert uplink.worst(told) == FULL
    assert uplink.worst(told[:1], {"rx_packets": 1e4, "rx_dropped": 1e4}) == {"rx_packets": 1e4, "rx_dropped": 1e4}
    assert uplink.worst([]) == {}


@given(st.text(max_size=400), st.integers(1, 300))
def test_what_is_shown_is_one_harmless_line(text: str, most: int) -> None:
    said = plain.plain(text, most)
    assert len(said) <= most + 1
    assert all(" " <= one <= "~" or "\u00a1" <= one <= "\u017f" or one in "„“”‚‘’–—…" for one in said)
    assert "\u00ad" not in said
    assert not plain.cell(text).lstrip().startswith(("=", "+", "-", "@", "|", "%", "\t", "\r"))
    plain.path_shown(text)
    plain.head_lines(text)
    plain.header_names([text])


@given(st.text(max_size=40), st.text(max_size=40))
def test_different_words_look_different(one: str, other: str) -> None:
    if one != other:
        assert plain.plain(one, 10_000) != plain.plain(other, 10_000)


def test_minutes_as_a_table_have_no_formula() -> None:
    rows = list(csv.reader(io.StringIO(minute_forms.minutes_csv(
        [makers.minute(place, paths=[one]) for place, one in enumerate(HOSTILE) if "\udcff" not in one]
    ).decode("utf-8"))))  # fmt: skip
    assert len(rows) == len(HOSTILE)
    assert {len(row) for row in rows} == {len(rows[0])}
    for row in rows[1:]:
        assert not any(one.startswith(("=", "+", "@", "-", "\t", "\r", "|")) for one in row)


def test_minutes_word_for_word_can_be_checked_by_anybody() -> None:
    told = kept()
    text = minute_forms.minutes_jsonl(told)
    assert text.isascii()
    assert not any(one < 32 and one != 10 for one in text)
    before = b""
    for place, row in enumerate(map(json.loads, text.splitlines())):
        link = base64.b64decode(row["body"])
        assert sha256(link).hexdigest() == row["sha256"]
        assert (row["line"], row["number"], int.from_bytes(link[21:25])) == (place, place, place)
        assert place == 0 or link[25:57] == before
        before = sha256(link).digest()
        assert row["minute"] == json.loads(link[57:])
    assert minute_forms.last(told) == (3, before.hex())


def test_every_form_is_made_by_its_name() -> None:
    book = makers.joined({"198.51.100.1": (9, 0)})
    evidence = Evidence(ABOUT, kept(), makers.changes(), book, FULL)
    names = set()
    for form, facts in FORMS.items():
        body = made(form, evidence, Rule(), "lt")
        assert body
        assert body.startswith(b"%PDF") == (facts.media == "application/pdf")
        assert (b"198.51.100.1" in body) == (facts.addresses and facts.media != "application/pdf")
        names.add(name_of(form, ABOUT, "lt"))
        if facts.addresses:
            with pytest.raises(Invalid, match="no book"):
                made(form, msgspec.structs.replace(evidence, book=None), Rule(), "lt")
    assert "flood-2026-09-21-abababab-lt-call.pdf" in names
    with pytest.raises(Invalid):
        made("exe", evidence, Rule(), "lt")


def test_both_languages_say_the_same_and_name_no_culprit() -> None:
    assert LT.keys() == EN.keys()
    for name in LT:
        fields = [{field for _, field, _, _ in string.Formatter().parse(words[name].replace("\\u{…}", "")) if field}
                  for words in (LT, EN)]  # fmt: skip
        assert fields[0] == fields[1], name
    told = " ".join([*LT.values(), *EN.values()]).lower()
    for bad in ("attacker", "attack", "hacker", "užpuolik", "įsilaužėl", "puolėj"):
        assert bad not in told


@pytest.mark.parametrize(("value", "lt", "en"), [
    (0, "0", "0"), (1234567, "1\u00a0234\u00a0567", "1,234,567"), (0.774, "0,774", "0.774"), (8.37, "8,37", "8.37"),
    (float("nan"), "?", "?"), (float("inf"), "?", "?"), (-5, "-5", "-5"),
])  # fmt: skip
def test_numbers_are_written_as_readers_write_them(value: float, lt: str, en: str) -> None:
    assert (number(value, "lt"), number(value, "en")) == (lt, en)
