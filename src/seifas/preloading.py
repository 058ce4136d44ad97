"""Imports what would otherwise be imported later, before a process gives up root.

Children are forked and then take a user of their own, who may not be able to read the interpreter's files (a virtual
environment under /root). What Python and the libraries import on first use must therefore be in memory by then: all
codecs, the parts that uvicorn, asyncio and logging load by name, and the letters of every script that `anyascii` knows.
"""

from __future__ import annotations

import encodings
import importlib
import importlib.resources
import pkgutil
import re

from anyascii import anyascii

_BY_NAME = (
    "uvicorn.loops.uvloop", "uvicorn.protocols.http.httptools_impl", "uvicorn.lifespan.off", "uvicorn.logging",
    "asyncio.unix_events", "concurrent.futures.thread", "multiprocessing.resource_tracker", "stringprep",
    "email.mime.text", "smtplib", "zoneinfo._common", "zoneinfo._tzpath", "importlib.resources", "sqlite3.dbapi2",
    "obstore.store", "http.cookies", "json.decoder", "linecache", "tokenize", "webauthn.helpers", "cbor2",
    "urllib.request", "ssl", "queue", "tempfile", "random", "hmac", "secrets", "getpass",
    "jinja2.debug", "PIL.TiffImagePlugin", "PIL.ExifTags", "numpy.ma", "lxml._elementpath", "lxml.etree",
    "cryptography.hazmat.backends.openssl.backend", "pyhanko.pdf_utils.filters", "pyhanko.pdf_utils.metadata.xmp_xml",
)  # fmt: skip
_BLOCK = re.compile("[0-9a-f]{3}")
_ELSEWHERE = frozenset({"mbcs", "oem", "cp65001", "undefined"})


def preload() -> None:
    """Called once by the supervisor before its first fork."""
    for module in pkgutil.iter_modules(encodings.__path__):
        if module.name not in _ELSEWHERE:
            importlib.import_module(f"encodings.{module.name}")
    for name in _BY_NAME:
        importlib.import_module(name)
    for block in importlib.resources.files("anyascii._data").iterdir():
        if _BLOCK.fullmatch(block.name):
            anyascii(chr(int(block.name, 16) << 8))  # reads the block's file, once
