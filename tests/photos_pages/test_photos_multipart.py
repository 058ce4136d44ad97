"""The reader of a form with one file: whole forms of browsers in any chunks, and everything that is none."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seifas.errors import Invalid, SeifasError, TooLarge
from seifas.fhir.exchange import ClientGone, Exchange, TooSlow
from seifas.web.desk.photos.refusing import said_of
from seifas.web.multipart import MOST_FIELD, MOST_FIELDS, FormWithFile, boundary_of

MARK = b"----seifas7MA4YWxk"


def body_of(fields: dict[str, str], file: bytes, name: bytes = b"veidas.jpg", mark: bytes = MARK) -> bytes:
    parts = [
        b"--%b\r\nContent-Disposition: form-data; name=\"%b\"\r\n\r\n%b\r\n" % (mark, key.encode(), value.encode())
        for key, value in fields.items()
    ]
    head = (b"--%b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"%b\"\r\n"
            b"Content-Type: image/jpeg\r\n\r\n") % (mark, name)
    return b"".join([*parts, head, file, b"\r\n--%b--\r\n" % mark])


async def read(body: bytes, cuts: list[int], length: int | None = None, part: int = 7) -> tuple[dict[str, str], bytes]:
    async def chunks() -> AsyncIterator[bytes]:
        at = 0
        for cut in [*sorted({min(cut, len(body)) for cut in cuts}), len(body)]:
            yield body[at:cut]
            at = cut

    form = FormWithFile(chunks(), MARK, len(body) if length is None else length)
    fields = await form.fields()
    found = [data async for data in form.file(part)]
    assert all(len(data) == part for data in found[:-1]), "never more than a part at a time"
    return fields, b"".join(found)


@given(
    fields=st.dictionaries(st.from_regex(r"\A[a-z_]{1,20}\Z"), st.text(max_size=40).filter(lambda one: "\r" not in one),
                           max_size=6),
    file=st.binary(max_size=200) | st.just(b"\r\n--" + MARK + b"--\r\n") | st.just(b"\r\n--" + MARK + b"\r\n"),
    cuts=st.lists(st.integers(0, 900), max_size=12),
)
def test_a_form_comes_out_as_it_went_in(fields: dict[str, str], file: bytes, cuts: list[int]) -> None:
    assert asyncio.run(read(body_of(fields, file), cuts)) == (fields, file)


@given(raw=st.binary(max_size=400), cuts=st.lists(st.integers(0, 400), max_size=4))
def test_what_is_no_form_is_refused_and_nothing_else_happens(raw: bytes, cuts: list[int]) -> None:
    with pytest.raises(SeifasError):
        asyncio.run(read(raw, cuts))


@given(cut=st.integers(0, 300))
def test_a_form_that_ends_early_is_refused(cut: int) -> None:
    body = body_of({"form": "a" * 64, "area": "veidas"}, b"x" * 80)
    with pytest.raises(SeifasError):
        asyncio.run(read(body[: min(cut, len(body) - 1)], [], length=len(body)))


@pytest.mark.parametrize("length", [-1, 0, 10, 10_000])
def test_a_wrong_length_is_refused(length: int) -> None:
    with pytest.raises(SeifasError):
        asyncio.run(read(body_of({"form": "a"}, b"picture"), [], length=length))


def test_bounds_of_fields() -> None:
    with pytest.raises(SeifasError):
        asyncio.run(read(body_of({"note": "x" * (MOST_FIELD + 1)}, b"picture"), []))
    many = {"f_" + "a" * number: "" for number in range(MOST_FIELDS + 1)}
    with pytest.raises(SeifasError):
        asyncio.run(read(body_of(many, b"picture"), []))


@pytest.mark.parametrize("kind", [
    "", "multipart/form-data", "multipart/form-data; boundary=", "text/plain; boundary=a",
    "multipart/form-data; boundary=a\r\nX-Evil: 1", "multipart/form-data; boundary=" + "a" * 71,
    "multipart/form-data; boundary=ą",
])
def test_what_is_no_boundary(kind: str) -> None:
    with pytest.raises(Invalid):
        boundary_of(kind)


def exchange_of(*messages: dict[str, Any], length: bytes = b"") -> Exchange:
    waiting = list(messages)

    async def receive() -> dict[str, Any]:
        if not waiting:
            await asyncio.sleep(60)
        return waiting.pop(0)

    async def send(_: Any) -> None: ...

    headers = [(b"content-length", length)] if length else []
    return Exchange({"type": "http", "method": "POST", "path": "/", "headers": headers}, receive, send)


async def taken(exchange: Exchange, limit: int) -> list[bytes]:
    return [chunk async for chunk in exchange.chunks(limit)]


def some(body: bytes, *, more: bool) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


def test_a_body_is_handed_on_as_it_comes_and_cut_off_where_it_is_too_much() -> None:
    whole = [some(b"ab", more=True), some(b"", more=True), some(b"c", more=False)]
    assert asyncio.run(taken(exchange_of(*whole), 3)) == [b"ab", b"c"]
    with pytest.raises(TooLarge):
        asyncio.run(taken(exchange_of(*whole), 2))
    with pytest.raises(TooLarge):
        asyncio.run(taken(exchange_of(*whole, length=b"3000"), 2999))
    with pytest.raises(ClientGone):
        asyncio.run(taken(exchange_of(whole[0], {"type": "http.disconnect"}), 3))


def test_a_body_that_stands_still_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seifas.fhir.exchange.GRACE_S", 0.05)
    with pytest.raises(TooSlow) as late:
        asyncio.run(taken(exchange_of(some(b"ab", more=True)), 100))
    assert said_of(late.value) == "refused-too-slow"


def test_boundaries() -> None:
    assert boundary_of('multipart/form-data; boundary="----a:b"') == b"----a:b"
    assert boundary_of("Multipart/Form-Data; boundary=----WebKitFormBoundary7") == b"----WebKitFormBoundary7"
