"""What demands prove, which are of one hand; and taking down."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seifas.errors import Invalid
from seifas.incidents import takedown
from seifas.incidents.demands import Demand, Kept
from seifas.incidents.extorter import Published, Shown, clusters, shown_of, verdicts
from seifas.incidents.standing import Entry
from seifas.incidents.takedown import Takedown, by_address, checked, host, looked, request
from seifas.leaks.results import Candidate, Matched, Row

F1, F2, F3 = (letter * 32 for letter in "123")
P1, P2, P3 = (bytes([number]) * 16 for number in (1, 2, 3))
TEXT = (
    "We have all records and photos of your patients. Pay 300 bitcoin until the thirtieth of June to the address below "
    "or everything will be published and sold one by one to whoever asks for it."
)


def kept(letter: str, **fields: object) -> Kept:
    plain = {"addressee": "clinic", "amount": "3", "unit": "BTC", "fixed_in": "BTC", "seen_at": "2017-05-01 12:00"}
    return Kept(letter * 32, "", ord(letter), Demand(**{**plain, **fields}))  # type: ignore[arg-type]


def shown(file: str, *patients: bytes, searched: bool = True) -> tuple[str, Shown]:
    return file, Shown(file=file, patients=frozenset(patients), rows=len(patients), searched=searched)


@pytest.mark.parametrize(("samples", "public", "found", "word", "unpublished"), [
    ((), (), {}, "no-proof", 0),
    ((F1,), (), {F1: ()}, "no-proof", 0),  # junk that is nobody's
    ((F1,), ((F2, "2017-04-01"),), {F1: (P1,), F2: (P1, P2)}, "only-public", 0),
    ((F1,), ((F2, "2017-04-01"),), {F1: (P1, P3), F2: (P1, P2)}, "unpublished", 1),
    ((F1,), ((F2, "2017-06-01"),), {F1: (P1,), F2: (P1, P2)}, "unpublished", 1),  # public only later
    ((F1,), ((F1, "2017-04-01"),), {F1: (P1,)}, "only-public", 0),
    ((F1,), (), {}, "not-searched", 0),
    ((F1,), ((F2, "2017-04-01"),), {F1: (P1,)}, "not-searched", 1),  # what was public was not searched: it may hold P1
    ((F1, F3), ((F2, "2017-04-01"),), {F1: (P3,), F2: (P1,)}, "unpublished", 1),
    ((F1, F3), ((F2, "2017-04-01"),), {F1: (P1,), F2: (P1,)}, "not-searched", 0),
])  # fmt: skip
def test_what_a_demand_proves(
    samples: tuple[str, ...], public: tuple[tuple[str, str], ...], found: dict[str, tuple[bytes, ...]], word: str,
    unpublished: int,
) -> None:  # fmt: skip
    known = dict(shown(file, *patients) for file, patients in found.items())
    published = [Published(file, since, "Europe/Vilnius") for file, since in public]
    [made] = verdicts([kept("a", samples=samples)], known, published)
    assert (made.word, made.unpublished) == (word, unpublished)


def test_known_by_its_day_only_a_demand_may_have_used_what_became_public_that_day() -> None:
    known = dict([shown(F1, P1), shown(F2, P1)])
    published = [Published(F2, "2017-05-01 18:00", "Europe/Vilnius")]
    by_day, by_hour = kept("a", samples=(F1,), seen_at="2017-05-01"), kept("b", samples=(F1,))
    assert [one.word for one in verdicts([by_day, by_hour], known, published)] == ["only-public", "unpublished"]


@given(st.sets(st.integers(1, 9)), st.sets(st.integers(1, 9)))
def test_unpublished_are_those_of_the_sample_that_nothing_public_holds(held: set[int], public: set[int]) -> None:
    known = dict([shown(F1, *(bytes([one]) * 16 for one in held)), shown(F2, *(bytes([one]) * 16 for one in public))])
    [made] = verdicts([kept("a", samples=(F1,))], known, [Published(F2, "2017-04-01", "Europe/Vilnius")])
    assert made.unpublished == len(held - public)
    assert (made.word == "unpublished") == bool(held - public)


def test_demands_are_laid_together_by_what_they_share() -> None:
    address = "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2"
    some = [
        kept("a", addresses=(address,), contact="Tsar@Example.org"),
        kept("b", contact="+370 600 12345", wording=TEXT),
        kept("c", wording=f"pay to {address}"),
        kept("d", wording=TEXT.replace("300", "50").replace("thirtieth", "last day"), contact="other@example.org"),
        kept("e", contact="8 600 12345"), kept("f", contact="TSAR@example.org "),
        kept("g", wording="pay or we publish"), kept("h", wording="Pay, or we publish!"),
        kept("i", wording="Dear patient, your visit of next week is moved to another day because the doctor is ill and "
                          "nobody can stand in for her; please call the reception to choose another time."),
    ]  # fmt: skip
    made = clusters(some)
    assert [{entry[0] for entry in one.entries} for one in made] == [
        {"a", "c", "f"}, {"b", "d", "e"}, {"g"}, {"h"}, {"i"},
    ]
    whys = {(link.one[0], link.other[0]): link.why for one in made for link in one.links}
    assert whys == {("a", "c"): "address", ("a", "f"): "contact", ("b", "d"): "wording", ("b", "e"): "contact"}


def test_a_replaced_demand_is_of_the_same_hand() -> None:
    first = kept("a")
    second = Kept("b" * 32, first.entry, 9, first.demand)
    [made] = clusters([first, second])
    assert [link.why for link in made.links] == ["replaces"]


def test_what_searches_found_is_told_apart_by_file() -> None:
    def row(source: str, *found: tuple[bytes, float]) -> Row:
        return Row(source, 1, (0, 1), "", tuple(Candidate(one, p, ()) for one, p in found), 0.0)

    rows = (row("a.csv", (P1, 0.99), (P2, 0.5)), row("b.zip/x.csv", (P2, 0.9)), row("same.csv", (P3, 1.0)), row("?"))
    files = {F1: "a.csv", F2: "b.zip", F3: "same.csv", "4" * 32: "same.csv"}
    made = shown_of([Matched(rows, files=(F1, F2, F3, "4" * 32)), Matched((), files=(F1,)), Matched(rows)], files)
    assert {file: one.patients for file, one in made.items()} == {F1: {P1}, F2: {P2}}
    assert all(one.searched for one in made.values())
    [alone] = shown_of([Matched(rows, files=(F3,))], files).values()
    assert alone.patients == {P3}


# -- taking down


def step(state: str = "found", **fields: object) -> Takedown:
    plain = {"url": "http://abcdefgh234567.onion/a?b=1", "whom": "host", "state": state, "at": "2017-04-01"}
    return Takedown(**{**plain, **fields})  # type: ignore[arg-type]


def entry(letter: str, made: Takedown | None, about: str = "") -> Entry:
    return Entry(
        entry=letter * 32, seq=ord(letter), kind="takedown", about=about * 32, ms=ord(letter), case_ms=0, by="Ona",
        hat="officer", signed=False, body=msgspec.json.encode(made), line=1,
    )  # fmt: skip


@pytest.mark.parametrize(("before", "state", "fine"), [
    (None, "found", True), (None, "asked", False), ("found", "asked", True), ("found", "answered", False),
    ("asked", "answered", True), ("asked", "asked", True), ("answered", "gone", True), ("gone", "asked", False),
    ("gone", "back", True), ("back", "asked", True), ("found", "found", False),
])  # fmt: skip
def test_steps_follow_each_other(before: str | None, state: str, fine: bool) -> None:
    earlier = None if before is None else step(before)
    if fine:
        assert checked(step(state), earlier).state == state
    else:
        with pytest.raises(Invalid) as raised:
            checked(step(state), earlier)
        assert raised.value.where == "state"


@pytest.mark.parametrize("url", [
    "", "example.org", "ftp://example.org/", "http://", "http://a b.lt/", "javascript:alert(1)", "http://localhost/",
    "http://[::1", "http://x.lt/" + "a" * 2000, "http://a.lt/\n",
])  # fmt: skip
def test_addresses_that_nobody_can_be_asked_about(url: str) -> None:
    with pytest.raises(Invalid) as raised:
        checked(step(url=url), None)
    assert raised.value.where == "url"


def test_what_the_watcher_sees() -> None:
    assert host("https://Žinios.LT/x") == "xn--inios-tib.lt"
    gone = looked(step("asked"), 410, "2017-04-02")
    assert gone is not None
    assert (gone.state, gone.seen_by) == ("gone", "watcher")
    assert looked(gone, 404, "2017-04-03") is None
    back = looked(gone, 200, "2017-04-04")
    assert back is not None
    assert back.state == "back"
    assert looked(step("asked"), 503, "2017-04-02") is None
    assert looked(step("asked"), 0, "2017-04-02") is None
    grouped = by_address([entry("a", step()), entry("b", gone, "a"), entry("c", step()), entry("d", None)])
    assert [(one.first[0], one.now.state) for one in grouped] == [("c", "found"), ("a", "gone")]


@pytest.mark.parametrize("language", ["lt", "en", "de"])
@pytest.mark.parametrize("whom", takedown.WHOM)
def test_requests_name_the_address_and_nobody(language: str, whom: str) -> None:
    made = request(step(whom=whom), language, "Klinika", "dpo@klinika.lt", "B-1")
    assert "http://abcdefgh234567.onion/a?b=1" in made.text
    assert "B-1" in made.subject
    assert "{" not in made.text + made.subject
