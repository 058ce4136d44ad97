"""SoftHSM tokens for tests: in one directory of this test run, known to this process and to all that it starts.

A module reads its configuration once in a process, so there is one for all; every test makes tokens of its own.
"""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

_PLACES = ("softhsm/libsofthsm2.so", "*/softhsm/libsofthsm2.so")
MODULE = str(next(one for place in _PLACES for one in Path("/usr/lib").glob(place)))
PIN = "135790"
_SO_PIN = "24681357"
_MEMORY = Path("/dev/shm")

PLACE = Path(tempfile.mkdtemp(prefix="seifas-hsm-", dir=_MEMORY if _MEMORY.is_dir() else None))
TOKENS = PLACE / "tokens"
TOKENS.mkdir()
(PLACE / "softhsm2.conf").write_text(
    f"directories.tokendir = {TOKENS}\nobjectstore.backend = file\nlog.level = ERROR\n"
)
os.environ["SOFTHSM2_CONF"] = str(PLACE / "softhsm2.conf")
atexit.register(shutil.rmtree, PLACE, ignore_errors=True)


class SoftToken:
    """One token, attached. `detach` takes its directory away, for processes that look anew."""

    def __init__(self, label: str, pin: str = PIN) -> None:
        before = set(TOKENS.iterdir())
        subprocess.run(
            ["softhsm2-util", "--init-token", "--free", "--label", label, "--pin", pin, "--so-pin", _SO_PIN],
            check=True, capture_output=True, timeout=20,
        )
        self.label = label
        self.place = next(iter(set(TOKENS.iterdir()) - before))
        self.serial = self.place.name.replace("-", "")[-16:]
        self._away = PLACE / f"away-{self.serial}"

    def detach(self) -> None:
        self.place.rename(self._away)

    def attach(self) -> None:
        self._away.rename(self.place)

    def copy(self, to: Path) -> None:
        """What no real token lets happen: its whole inside, copied."""
        shutil.copytree(self.place, to)

    def gone(self) -> None:
        shutil.rmtree(self.place, ignore_errors=True)
        shutil.rmtree(self._away, ignore_errors=True)
