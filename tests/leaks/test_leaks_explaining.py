"""Which way a sample went out: the right account where there is one, storage where there is none, never a guess."""

import math
from random import Random

import pytest
from bench.explaining import month, named, sample, theft
from example_counts import of_whole
from hypothesis import given, settings
from hypothesis import strategies as st

from seifas.leaks.explaining import DAY_MS, Opening, Shown, Thing, explained

PATIENTS = 24_000
NOON = 1_772_409_600_000 + DAY_MS // 2


def ident(number: int) -> bytes:
    return number.to_bytes(16, "big")


def opening(n: int, patient: int, *, deed: str = "chart", account: int = 1, session: int = 1, at: int = 0) -> Opening:
    return Opening(n, NOON + at + n, deed, ident(account), ident(session), (ident(patient),))


@pytest.fixture(scope="module")
def work() -> list[Opening]:
    return month(7)


@pytest.mark.parametrize(("days", "charts", "published"), [(1, 20, 10), (1, 60, 35), (10, 10, 35)])
def test_a_thief_in_a_month_of_work_is_named_first(
    work: list[Opening], days: int, charts: int, published: int
) -> None:
    for seed in range(12):
        dice = Random(seed)
        lines, taken, account = theft(work, dice, days=days, charts=charts)
        found = explained(sample(dice.sample(sorted(taken), published)), lines, patients=PATIENTS)
        assert named(found, account), (seed, found.verdict, found.ways[:1])
        assert found.ways[0].chance < 1e-6


def test_a_copy_of_the_storage_is_laid_to_nobody(work: list[Opening]) -> None:
    for seed in range(12):
        dice = Random(seed)
        anybody = [b"p" + dice.randrange(PATIENTS).to_bytes(15, "big") for _ in range(35)]
        assert explained(sample(anybody), work, patients=PATIENTS).verdict == "storage"
        often = [dice.choice(work).patients[0] for _ in range(12)] + anybody[:23]
        assert explained(sample(list(dict.fromkeys(often))), work, patients=PATIENTS).verdict != "opened"


def test_whom_everybody_opens_accuses_nobody() -> None:
    lines = [opening(n, n % 40, account=n // 40, session=n // 40) for n in range(400)]
    found = explained([Thing(patient=ident(n)) for n in range(10)], lines, patients=PATIENTS)
    assert found.verdict == "one-of-several"
    assert len({way.account for way in found.ways if way.account and way.posterior > 0.05}) == 10


def test_a_card_shows_no_chart_and_a_search_no_card() -> None:
    things = [Thing(patient=ident(n)) for n in range(12)]
    cards = [opening(n, n, deed="card") for n in range(20)]
    assert explained(things, cards, patients=PATIENTS).verdict == "storage"
    listed = [opening(n, n, deed="search") for n in range(20)]
    named_only = [Thing(patient=ident(n), shown=Shown.CARD) for n in range(12)]
    assert explained(named_only, listed, patients=PATIENTS).verdict == "storage"
    looked_at = [opening(n, n, deed="leak") for n in range(12)]
    assert explained(named_only, looked_at, patients=PATIENTS).verdict == "storage"
    found = explained(named_only, cards, patients=PATIENTS)
    assert found.verdict == "opened"
    assert found.ways[0].sessions == (ident(1),)


def test_what_was_written_later_cannot_have_gone_out_before() -> None:
    lines = [opening(n, n) for n in range(20)]
    fresh = [Thing(patient=ident(n), not_before_ms=NOON + DAY_MS) for n in range(12)]
    found = explained(fresh, lines, patients=PATIENTS)
    assert found.verdict == "storage"
    assert found.not_before_ms == NOON + DAY_MS
    later = [opening(100 + n, n, session=2, account=2, at=2 * DAY_MS) for n in range(20)]
    found = explained(fresh, lines + later, patients=PATIENTS)
    assert (found.verdict, found.ways[0].account) == ("opened", ident(2))


def test_photos_count_by_their_own_lines() -> None:
    photos = [ident(1000 + n) for n in range(8)]
    lines = [Opening(n, NOON + n, "photo", ident(3), ident(4), (ident(n),), (photo,)) for n, photo in enumerate(photos)]
    lines += [opening(50 + n, n, account=5, session=6) for n in range(8)]
    found = explained([Thing(photo=photo) for photo in photos], lines, patients=PATIENTS, photos=60_000)
    assert (found.verdict, found.ways[0].account) == ("opened", ident(3))


def test_backups_that_can_hold_the_sample_are_told() -> None:
    lines = [Opening(n, NOON + n * DAY_MS, "backup", b"", b"") for n in range(4)]
    found = explained([Thing(patient=ident(1), not_before_ms=NOON + 2 * DAY_MS)], lines, patients=PATIENTS)
    assert found.backups == (2, 3)


def test_little_is_not_enough() -> None:
    lines = [opening(n, n) for n in range(300)]
    assert explained([], lines, patients=PATIENTS).verdict == "cannot-tell"
    one = explained([Thing(patient=ident(1), probability=0.3)], lines, patients=PATIENTS)
    assert one.verdict != "opened"


_things = st.lists(
    st.builds(
        Thing, patient=st.integers(0, 30).map(ident), probability=st.floats(0, 1), shown=st.sampled_from(list(Shown)),
        not_before_ms=st.integers(0, NOON + DAY_MS),
    ),
    max_size=12,
)
_lines = st.lists(
    st.builds(
        Opening, st.integers(0, 10**6), st.integers(NOON - DAY_MS, NOON + 40 * DAY_MS),
        st.sampled_from(["card", "chart", "photo", "print", "export", "portal", "backup", "nonsense", ""]),
        st.sampled_from([b"", ident(1), ident(2)]), st.sampled_from([b"", ident(8), ident(9)]),
        st.lists(st.integers(0, 30).map(ident), max_size=3).map(tuple),
        st.lists(st.integers(50, 60).map(ident), max_size=3).map(tuple),
    ),
    max_size=40,
)  # fmt: skip


@settings(max_examples=of_whole(200), deadline=None)
@given(_things, _lines, st.integers(0, 100))
def test_any_lines_give_probabilities(things: list[Thing], lines: list[Opening], patients: int) -> None:
    found = explained(things, lines, patients=patients)
    assert -1e-9 <= found.storage <= 1 + 1e-9
    if len(found.ways) < 20:
        assert math.isclose(found.storage + sum(way.posterior for way in found.ways), 1, abs_tol=1e-6)
    for way in found.ways:
        assert 0 <= way.posterior <= 1
        assert 0 <= way.chance <= 1
        assert 0 < way.hits <= len(things)
