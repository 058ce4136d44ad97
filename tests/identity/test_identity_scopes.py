from __future__ import annotations

import pytest
from example_counts import of_whole
from hypothesis import given, settings
from hypothesis import strategies as st

from seifas.errors import Invalid
from seifas.keeper.identity.scopes import covers, grant, parse_scopes

LETTERS = st.sets(st.sampled_from("cruds"), min_size=1).map(lambda s: "".join(c for c in "cruds" if c in s))
SCOPE = st.builds("system/{}.{}".format, st.sampled_from(["*", "Patient", "Observation", "Media"]), LETTERS)
SCOPES = st.lists(SCOPE, min_size=1, max_size=5)
TYPES = ("Patient", "Observation", "Media", "Encounter")


@pytest.mark.parametrize(("text", "scopes"), [
    ("system/*.rs", ("system/*.rs",)),
    ("system/*.read  system/Patient.write\n", ("system/*.rs", "system/Patient.cud")),
    ("system/Patient.* system/Patient.*", ("system/Patient.cruds",)),
])
def test_scopes_read(text: str, scopes: tuple[str, ...]) -> None:
    assert parse_scopes(text) == scopes


@pytest.mark.parametrize("text", [
    "", " ", "openid", "patient/Patient.rs", "user/*.rs", "system/*.", "system/*.sr", "system/*.rsx", "system/.rs",
    "system/patient.rs", "system/Patient.rs?category=x", "system/**.rs", "system/Patient/../x.rs", "system/*.rs launch",
    "system/Ąžuolas.rs", "system/*.rs " * 100, "system/P" + "a" * 9_000 + ".rs",
])
def test_bad_scopes_are_refused(text: str) -> None:
    with pytest.raises(Invalid) as caught:
        parse_scopes(text)
    assert caught.value.where == "invalid_scope"


def test_granting_cuts_down() -> None:
    held = ("system/*.rs", "system/Observation.cruds")
    assert grant("", held) == held
    assert grant("system/*.cruds", held) == ("system/*.rs", "system/Observation.cruds")
    assert grant("system/Patient.cruds", held) == ("system/Patient.rs",)
    with pytest.raises(Invalid):
        grant("system/Patient.cud", held)
    with pytest.raises(Invalid):
        grant("system/*.rs openid", held)


@given(SCOPES, SCOPES)
@settings(max_examples=of_whole(200))
def test_nobody_gets_more_than_asked_or_more_than_held(asked: list[str], held: list[str]) -> None:
    try:
        granted = grant(" ".join(asked), tuple(held))
    except Invalid:
        granted = ()
    for kind in TYPES:
        for deed in "cruds":
            both = covers(tuple(asked), kind, deed) and covers(tuple(held), kind, deed)
            assert covers(granted, kind, deed) == both
