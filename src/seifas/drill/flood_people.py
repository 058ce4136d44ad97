"""Staff and patients of a stage who were there before the flood, and what they ask for during it."""

from __future__ import annotations

import time
import urllib.parse
from pathlib import Path
from typing import Final

from seifas.drill.flood_plan import Stream, get
from seifas.drill.stage import Browser, Stage
from seifas.errors import Unavailable
from seifas.shield.front.runtime import Runtime
from seifas.shield.model import Listener, Mode

_FORM: Final = {
    "Sec-Fetch-Site": "same-origin", "Origin": "null", "Content-Type": "application/x-www-form-urlencoded",
}  # fmt: skip
_SERVED: Final = b"HTTP/1.1 200"
_STAFF: Final = ("doctor1", "reception1", "nurse1")


def staff(stage: Stage, rate: float = 10.0) -> Stream:
    """Three people at the desk, who look at it again and again. Their cookies are good for this machine's own network,
    127.0.0.0/24. Raises Unavailable."""
    heads = tuple(_head(stage.sign_in(account), stage.staff, "/desk") for account in _STAFF)
    return _known("staff", rate, heads, stage.staff)


def patients(stage: Stage, rate: float = 10.0) -> Stream:
    """Patients who were invited by the demo and have entered their portal. Raises Unavailable."""
    with stage.admin() as admin:
        invited = list(admin.call("admin.portal_demo"))
    heads = []
    for one in invited[:3]:
        browser = Browser(stage.port)
        try:
            body = urllib.parse.urlencode({"code": one["code"], "birth": one["birth"]})
            answer = browser.ask("POST", "/my/enter", body, _FORM)
            if answer.status != 303:
                raise Unavailable(f"a patient could not enter the portal: {answer.status}")
            heads.append(_head(browser, stage.port, "/my/account"))
        finally:
            browser.close()
    return _known("patients", rate, tuple(heads), stage.port)


def runtime(stage: Stage) -> Runtime:
    """The front's HAProxy."""
    return Runtime(stage.data / "run" / "shield" / "haproxy.sock")


def mode(stage: Stage, listener: Listener = Listener.PUBLIC) -> Mode | None:
    """The mode of a listener now; None while HAProxy does not answer."""
    try:
        return Mode(runtime(stage).number(f"mode_{listener}") or 0)
    except Unavailable:
        return None


def entered(stage: Stage, wanted: Mode, patience_s: float = 30.0) -> float | None:
    """Seconds until the public listener is in a mode as strict as this; None where it does not come to that."""
    began = time.monotonic()
    while (taken := time.monotonic() - began) < patience_s:
        now = mode(stage)
        if now is not None and now >= wanted:
            return taken
        time.sleep(0.1)
    return None


def worker(stage: Stage) -> int:
    """The process that takes the front's connections: the youngest child of HAProxy's master."""
    master = stage.pids()["front"]
    children = Path(f"/proc/{master}/task/{master}/children").read_text().split()
    return max(map(int, children), key=_started)


def _started(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[19])


def _known(name: str, rate: float, heads: tuple[bytes, ...], port: int) -> Stream:
    return Stream(
        name, rate, heads, "127.0.0.1", len(heads), spread=False, wanted=_SERVED, whole=True, timeout_s=5.0, port=port
    )


def _head(browser: Browser, port: int, path: str) -> bytes:
    """What this browser would send; asked for once, so that the front has given its cookie."""
    answer = browser.ask("GET", path)
    if answer.status != 200 or not browser.lane:
        raise Unavailable(f"{path} answered {answer.status}, and the front gave {'a' if browser.lane else 'no'} cookie")
    return get(path, f"127.0.0.1:{port}", {"Cookie": f"{browser.cookie}; {browser.lane}"})
