"""What a listener says and logs when a page fails, whatever the failure is."""

import asyncio
import logging
from collections.abc import MutableMapping
from typing import Any

import pytest

from seifas.errors import Missing, SeifasError
from seifas.fhir.answering import Defect, answered
from seifas.fhir.exchange import ClientGone, Exchange

log = logging.getLogger("seifas.tried")
SECRET = "Žukauskienė 48002030000"


async def _nothing() -> MutableMapping[str, Any]:
    return {"type": "http.disconnect"}


def _answer(raised: BaseException | None, in_trouble: BaseException | None = None, *, begun: bool = False) -> Any:
    """(what was sent, what `trouble` was given)."""
    sent: list[MutableMapping[str, Any]] = []
    given: list[SeifasError] = []

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    async def dispatch(exchange: Exchange) -> None:
        if begun:
            await exchange.begin(200, [])
        if raised is not None:
            raise raised
        await exchange.answer(200, b"fine", [])

    async def trouble(exchange: Exchange, error: SeifasError) -> None:
        given.append(error)
        if in_trouble is not None:
            raise in_trouble
        await exchange.answer(error.http, b"trouble", [])

    scope = {"type": "http", "method": "GET", "path": "/desk", "headers": []}
    asyncio.run(answered(Exchange(scope, _nothing, send), dispatch, trouble, log))
    return sent, given


def test_a_page_that_works_is_left_alone() -> None:
    sent, given = _answer(None)
    assert (sent[0]["status"], sent[1]["body"], given) == (200, b"fine", [])


def test_what_was_expected_is_told_as_it_is() -> None:
    error = Missing("there is no such record")
    sent, given = _answer(error)
    assert (sent[0]["status"], given) == (404, [error])


def test_a_defect_is_logged_by_its_place_and_told_without_anything_of_it(caplog: pytest.LogCaptureFixture) -> None:
    sent, given = _answer(KeyError(SECRET))
    assert sent[0]["status"] == 500
    assert isinstance(given[0], Defect)
    assert given[0].__cause__ is None
    assert given[0].__context__ is None
    (line,) = caplog.records
    assert line.__dict__["error"] == "KeyError"
    assert "test_web_answering.py:" in line.__dict__["at"]
    assert line.exc_info is None
    assert SECRET not in str(line.__dict__)


@pytest.mark.parametrize("error", [Missing("gone"), ValueError(SECRET)])
def test_a_page_of_trouble_that_fails_leaves_bare_words(error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    sent, _ = _answer(error, ZeroDivisionError(SECRET))
    assert (sent[0]["status"], sent[1]["body"]) == (500, b"Defect")
    assert SECRET not in str([line.__dict__ for line in caplog.records])


@pytest.mark.parametrize("error", [Missing("gone"), ValueError("x")])
def test_an_answer_that_has_begun_is_not_begun_again(error: Exception) -> None:
    sent, given = _answer(error, begun=True)
    assert [one["type"] for one in sent] == ["http.response.start"]
    assert given == []


def test_a_client_that_hung_up_is_nobodys_trouble(caplog: pytest.LogCaptureFixture) -> None:
    assert _answer(ClientGone()) == ([], [])
    sent, given = _answer(Missing("gone"), ClientGone())
    assert (sent, len(given)) == ([], 1)
    assert caplog.records == []


def test_a_task_that_is_ended_is_ended() -> None:
    with pytest.raises(asyncio.CancelledError):
        _answer(asyncio.CancelledError())
