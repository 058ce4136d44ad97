"""A plain system in a directory of its own, really served on 127.0.0.1, and people who sign in to it."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from seifas.drill.plain_system.keeping import PASSWORD
from seifas.drill.stage import Browser, free_port
from seifas.errors import Unavailable

_PATIENCE_S = 30.0


class PlainSystem:
    """`start` it, use it, `stop` it. `data` is a filled directory that nobody else serves."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._browsers: list[Browser] = []

    def start(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "seifas.drill.plain_system.serving", str(self.data), str(self.port)],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        give_up = time.monotonic() + _PATIENCE_S
        while time.monotonic() < give_up and self._process.poll() is None:
            browser = Browser(self.port, timeout=5)
            try:
                if browser.ask("GET", "/").status == 200:
                    return
            except OSError:
                time.sleep(0.05)
            finally:
                browser.close()
        raise Unavailable("the plain record system did not start; is its port free?", where=str(self.port))

    def sign_in(self, account: str) -> Browser:
        """A session of this account."""
        browser = Browser(self.port)
        self._browsers.append(browser)
        if browser.form("/login", {"name": account, "password": PASSWORD}).status != 204:
            raise Unavailable("the plain record system did not let its own account in", where=account)
        return browser

    def stop(self) -> None:
        for browser in self._browsers:
            browser.close()
        self._browsers.clear()
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(10)
        self._process = None
