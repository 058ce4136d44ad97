"""One request from its page to its answer, the same for every listener: what failed is said, what broke is logged.

A listener brings two functions: `dispatch` finds the page and calls it, `trouble` answers a failure in the listener's
own form. Nothing of a request, and no frame of a traceback (frames hold records), gets into a log.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from seifas.errors import SeifasError
from seifas.fhir.exchange import GUARDS, ClientGone, Exchange
from seifas.logs import place_of

Dispatch = Callable[[Exchange], Awaitable[None]]
Trouble = Callable[[Exchange, SeifasError], Awaitable[None]]


class Defect(SeifasError):
    """A failure that nobody expected. It says nothing of what was asked for."""


async def answered(exchange: Exchange, dispatch: Dispatch, trouble: Trouble, log: logging.Logger) -> None:
    """Answers one request. `trouble` gets what was raised, a `Defect` for anything but a SeifasError; it is not called
    once an answer has begun. A client that hung up is nobody's trouble."""
    try:
        failed = await _failed(exchange, dispatch, log)
        if failed is not None and not exchange.started:
            await trouble(exchange, failed)
    except ClientGone:
        return
    except Exception as error:  # the page that was to tell of a failure failed too: bare words are left
        log.error("the page of a failure failed by a defect", extra=_told(error))
        if not exchange.started:
            await exchange.answer(500, b"Defect", [(b"content-type", b"text/plain; charset=utf-8"), *GUARDS])


async def _failed(exchange: Exchange, dispatch: Dispatch, log: logging.Logger) -> SeifasError | None:
    try:
        await dispatch(exchange)
    except SeifasError as error:
        return error
    except ClientGone:
        raise
    except Exception as error:
        log.error("a request failed by a defect", extra=_told(error))
        return Defect("it failed inside; it is logged, nothing was shown")
    return None


def _told(error: Exception) -> dict[str, str]:
    return {"error": type(error).__name__, "at": place_of(error)}
