"""Uploads to a leak case that lie: sizes, ranges, keys and names. A sample is whatever a thief wanted it to be."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from leaks_stage import begun

from seifas.drill.stage import Answer, Browser, Stage
from seifas.drill.thieves import form_of

AWAY = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}


@pytest.fixture(scope="module")
def case(shared_stage: Stage) -> str:
    return begun(shared_stage).hex()


@pytest.fixture
def officer(shared_stage: Stage) -> Iterator[Browser]:
    browser = shared_stage.sign_in("officer1")
    yield browser
    browser.close()


def _post(browser: Browser, path: str, **fields: str) -> Answer:
    return browser.form(path, {"form": form_of(browser), **fields})


def _begun(browser: Browser, case: str, name: str = "a.csv", size: str = "5") -> Answer:
    return _post(browser, f"/desk/leaks/{case}/begin", name=name, size=size)


def test_uploads_that_lie(shared_stage: Stage, officer: Browser, case: str) -> None:
    for size in ("0", "-1", "x", "", "4294967297", "9" * 30):
        assert 400 <= _begun(officer, case, size=size).status < 500, size
    assert _begun(officer, os.urandom(16).hex()).status == 404
    handle = _begun(officer, case).json["handle"]
    second = shared_stage.sign_in("officer2")
    token, _, proof = handle.partition(".")
    kind = {"Seifas-Upload": handle}
    for browser, headers in (
        (second, kind), (officer, {}), (officer, {"Seifas-Upload": token}),
        (officer, {"Seifas-Upload": f"{token}.{'0' * 64}"}), (officer, {"Seifas-Upload": f"{'0' * 64}.{proof}"}),
        (officer, {**kind, **AWAY}),
    ):  # fmt: skip
        for method in ("PUT", "GET", "DELETE"):
            answer = browser.ask(method, "/desk/leaks/upload", b"hello", {"Content-Range": "bytes 0-4/5", **headers})
            assert answer.status in (303, 403), (method, headers)
        assert browser.ask("POST", "/desk/leaks/finish", b"", headers).status in (303, 403)
    for range_of, body in (
        ("bytes 0-4/5", b"hell"), ("bytes 4-0/5", b"h"), ("bytes 0-9/5", b"helloworld"), ("nonsense", b"hello"),
        ("bytes 0-4/4294967297", b"hello"), ("bytes 2-6/9", b"llowo"), ("bytes 0-2097151/4294967296", b"x" * 2**21),
    ):  # fmt: skip
        answer = officer.ask("PUT", "/desk/leaks/upload", body, {**kind, "Content-Range": range_of})
        assert 400 <= answer.status < 500, range_of
    assert 400 <= officer.ask("POST", "/desk/leaks/finish", b"", kind).status < 500  # not whole
    assert officer.ask("PUT", "/desk/leaks/upload", b"hello", {**kind, "Content-Range": "bytes 0-4/5"}).status == 200
    assert officer.ask("POST", "/desk/leaks/finish", b"", kind).status == 200
    assert 400 <= officer.ask("POST", "/desk/leaks/finish", b"", kind).status < 500  # once
    second.close()


@pytest.mark.parametrize("name", [
    "../../etc/passwd", "a\r\nSet-Cookie: x=1.csv", "\x00\x1b[31m.csv", "\u202egpj.exe", "x" * 3000, "", "/", "..",
    "C:\\a\\b.csv", '"><svg onload=alert(1)>.csv',
])  # fmt: skip
def test_names_that_want_to_be_more(officer: Browser, case: str, name: str) -> None:
    for _ in range(3):  # a process that ends meanwhile, to forget what others searched in it, says to begin again
        answer = _begun(officer, case, name)
        assert answer.status in (200, 400)
        if answer.status == 400:
            return
        kind = {"Seifas-Upload": answer.json["handle"]}
        officer.ask("PUT", "/desk/leaks/upload", b"hello", {**kind, "Content-Range": "bytes 0-4/5"})
        finished = officer.ask("POST", "/desk/leaks/finish", b"", kind).status
        if finished != 404:
            break
    assert finished in (200, 400)
    page = officer.read(f"/desk/leaks/{case}")
    assert page.status == 200
    assert "x=1" not in page.headers.get("set-cookie", "")
    assert not [one for one in (b"<svg onload", b"\x1b", b"etc/", b"\x00") if one in page.body]


@pytest.mark.parametrize("body", [
    b"", b"--x\r\n", b"--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nabc\r\n--x--\r\n",
    b"--x\r\nContent-Disposition: form-data; name=\"form\"\r\n\r\nbad\r\n--x\r\n"
    b"Content-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nabc\r\n--x--\r\n",
])  # fmt: skip
def test_a_plain_form_that_is_none(officer: Browser, case: str, body: bytes) -> None:
    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    assert officer.ask("POST", f"/desk/leaks/{case}/add", body, kind).status in (400, 403)
