"""Structured logs, one JSON object a line on stderr: when, which process, what, and fields that are never a name.

Messages are fixed sentences; what varies goes into fields (`extra=`), and only numbers, ids of processes, words from
our own tables and file names of our own code are given there. tests/attacks greps the logs of a working clinic.
"""

from __future__ import annotations

import logging
import sys
import time

import msgspec

_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {
    "message", "asctime", "taskName", "color_message",
}
_encoder = msgspec.json.Encoder(enc_hook=str)


class _JsonLines(logging.Formatter):
    def __init__(self, process: str) -> None:
        super().__init__()
        self._process = process

    def format(self, record: logging.LogRecord) -> str:
        fields = {key: value for key, value in record.__dict__.items() if key not in _STANDARD}
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03d}Z"
        line: dict[str, object] = {
            "time": stamp, "level": record.levelname.lower(), "process": self._process, "log": record.name,
            "message": record.getMessage(), **fields,
        }
        if record.exc_info and record.exc_info[0] is not None:
            line["error"] = record.exc_info[0].__name__  # the type only: messages and frames may hold records
        return _encoder.encode(line).decode()


def start(process: str, *, level: int = logging.INFO) -> None:
    """Sets up logging for this process; called first thing in each.

    A person at a terminal is shown warnings only: every request as JSON would bury them.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonLines(process))
    if sys.stderr.isatty():
        level = logging.WARNING
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.raiseExceptions = False
    for noisy in ("asyncio", "uvicorn.access", "httpx", "httpcore"):
        logging.getLogger(noisy).setLevel(logging.ERROR)


def place_of(error: BaseException) -> str:
    """The last few files and lines that an error came through, and nothing else of it: its text and the frames may
    hold records."""
    trace = error.__traceback__
    places = []
    while trace is not None:
        places.append(f"{trace.tb_frame.f_code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}")
        trace = trace.tb_next
    return " > ".join(places[-4:]) or "?"
