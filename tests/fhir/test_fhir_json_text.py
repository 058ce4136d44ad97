"""What the strict reader takes, what it refuses, and that nothing is lost on the way through."""

import contextlib
import json
from decimal import Decimal
from typing import Any

import pytest
from example_counts import of_whole
from hypothesis import given, settings
from hypothesis import strategies as st

from seifas.errors import Invalid, TooLarge
from seifas.fhir.json_text import MAX_DEPTH, Number, read, write

NUMBERS = [
    "0",
    "-0",
    "-0.0",
    "1.50",
    "1e2",
    "1E+2",
    "0.000000000000000000000001",
    "-12.340e-7",
    "9" * 40,
    "3.14159265358979323846",
]


@pytest.mark.parametrize("text", NUMBERS)
def test_numbers_come_back_to_the_letter(text: str) -> None:
    raw = b'{"value":' + text.encode() + b"}"
    assert write(read(raw)) == raw


def test_number_has_its_exact_value() -> None:
    value = read(b'{"value":1.50}')["value"]
    assert isinstance(value, Number)
    assert value.decimal() == Decimal("1.50")
    assert str(value.decimal()) == "1.50"


def test_key_order_is_kept() -> None:
    raw = '{"b":1,"a":{"z":[],"ž":"ąčęėįšųūž"},"0":null}'.encode()
    assert write(read(raw)) == raw


def test_byte_order_mark_is_taken_off() -> None:
    assert read(b"\xef\xbb\xbf" + b'{"a":1}') == {"a": 1}


@pytest.mark.parametrize(
    ("raw", "says", "where"),
    [
        (b"", "empty", ""),
        (b"  \n ", "empty", ""),
        (b"\xef\xbb\xbf", "empty", ""),
        (b'{"a":1', "cut off", "line 1 column 7"),
        (b'{"a":"x', "cut off", "line 1"),
        ('{"family":"Žukauskienė"}'.encode("cp1257"), "Windows-1257", "line 1 byte 12"),
        ('{"a":1,\n "family":"Žukauskas"}'.encode("cp1257"), "not UTF-8", "line 2 byte 12"),
        ('{"a":"ž'.encode()[:-1], "middle of a character", "line 1"),
        ('{"a":1}'.encode("utf-16"), "UTF-16", ""),
        ('{"a":1}'.encode("utf-16-le"), "UTF-16", ""),
        ('{"a":1}'.encode("utf-32"), "UTF-16 or UTF-32", ""),
        (b'{"a":NaN}', "NaN", "line 1 column 6"),
        (b'{"NaN":"Infinity",\n"a":[1,-Infinity]}', "-Infinity", "line 2 column 8"),
        (b'{"a":01}', "Not JSON", "line 1 column 7"),
        (b'{"a":1.}', "Not JSON", "line 1"),
        (b'{"a":+1}', "Not JSON", "line 1"),
        (b"{'a':1}", "Not JSON", "line 1"),
        (b'{"a":1,}', "Not JSON", "line 1"),
        (b'{"a":1} {"b":2}', "follows the end", "line 1 column 9"),
        (b"[1]", "object", "line 1"),
        (b'"text"', "object", ""),
        (b'{"a":1,"b":{"c":[{"d":1},{"e":1,"x":2,"e":3}]}}', "twice", "b.c[1].e"),
        (b'{"a":1,"a":1}', "twice", "a"),
        (b'{"a b":{"Jonas Jonaitis":1,"Jonas Jonaitis":2}}', "'?' stands twice", "?.?"),
        (b'{"a":["x\\ud83d"]}', "surrogate", "a[0]"),
        (b'{"a":{"b":"x\\u0000y"}}', "control", "a.b"),
        (b'{"a\\u0001":1}', "control", ""),
        (b'{"a":"tab\tinside"}', "Not JSON", "line 1"),
        (b"\x00\x00\x00\x00", "UTF-16", ""),
        (b"\xff" * 100, "not UTF-8", "line 1 byte 1"),
    ],
)
def test_bad_text_is_refused_and_the_place_named(raw: bytes, says: str, where: str) -> None:
    with pytest.raises(Invalid) as caught:
        read(raw)
    assert says in caught.value.message
    assert caught.value.where.startswith(where)
    assert "Jonaitis" not in caught.value.message + caught.value.where
    assert "ukausk" not in caught.value.message


def test_escapes_that_mean_ordinary_characters_are_taken() -> None:
    assert read(b'{"a":"\\u017d\\n\\t\\ud83d\\ude00"}') == {"a": "Ž\n\t😀"}


def test_nesting_is_taken_up_to_the_limit_and_no_further() -> None:
    deepest = b'{"a":' * (MAX_DEPTH - 1) + b"{}" + b"}" * (MAX_DEPTH - 1)
    assert write(read(deepest)) == deepest
    with pytest.raises(Invalid, match="deeper than 64") as caught:
        read(b'{"a":' + deepest + b"}")
    assert caught.value.where.count("a") == MAX_DEPTH


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
def test_absurd_nesting_does_not_exhaust_the_stack(opening: bytes) -> None:
    with pytest.raises(Invalid):
        read(b'{"a":' + opening * 200_000)
    with pytest.raises(Invalid):
        read(b'{"a":' + opening * 200_000 + b"1" + (b"]" if opening == b"[" else b"}") * 200_000 + b"}")


def test_size_limit_counts_bytes() -> None:
    raw = '{"a":"ž"}'.encode()
    assert read(raw, limit=len(raw)) == {"a": "ž"}
    with pytest.raises(TooLarge, match="limit"):
        read(raw, limit=len(raw) - 1)


def test_a_megabyte_of_digits_is_only_text() -> None:
    raw = b'{"a":' + b"7" * 1_000_000 + b"}"
    assert write(read(raw)) == raw


_texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="".join(map(chr, range(32)))), max_size=8)
_leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    _texts,
    st.decimals(allow_nan=False, allow_infinity=False).map(lambda d: Number(json.dumps(float(d)))),
    st.sampled_from(NUMBERS).map(lambda text: Number(text) if not text.isdigit() or len(text) > 18 else int(text)),
)
_trees = st.recursive(
    _leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_texts, inner, max_size=4), max_leaves=30
)


def _as_read(value: Any) -> Any:
    """What `read` makes of an int that is too long for it."""
    if isinstance(value, dict):
        return {key: _as_read(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_as_read(inner) for inner in value]
    if isinstance(value, int) and not isinstance(value, bool) and len(str(value)) > 18:
        return Number(str(value))
    return value


@settings(max_examples=of_whole(150))
@given(st.dictionaries(_texts, _trees, max_size=5))
def test_whatever_is_written_reads_back_the_same(tree: dict[str, Any]) -> None:
    tree = _as_read(tree)
    raw = write(tree)
    again = read(raw)
    assert again == tree
    assert list(again) == list(tree)
    assert write(again) == raw
    # The standard library, which knows nothing of ours, sees the same values.
    assert (
        json.loads(raw, parse_float=Number, parse_int=lambda t: Number(t) if len(t) > 18 or t == "-0" else int(t))
        == tree
    )


@settings(max_examples=of_whole(150))
@given(st.binary(max_size=60))
def test_any_bytes_give_an_object_or_a_clear_refusal(raw: bytes) -> None:
    for candidate in (raw, b'{"a":' + raw + b"}"):
        with contextlib.suppress(Invalid):
            assert isinstance(read(candidate), dict)
