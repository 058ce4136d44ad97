"""Serves stages by forks of one loaded process (seifas.cli.forge), where a fork is like what is executed. `tests/cli`
executes the program really."""

from __future__ import annotations

import os
from pathlib import Path

from seifas.cli import forge

_AT_START = ("LD_", "PYTHON", "TZ", "OPENBLAS_", "OMP_")
"""Variables that count when a program is executed, and not after."""


class Forge(forge.Forge):
    """The test's end of it."""

    def __init__(self) -> None:
        self._at_start = _at_start()
        super().__init__()

    def serves(self, data: Path, port: int, log: Path) -> forge.Served | None:
        """Begins a server, if it would be like one that is executed. What the program changes in a test's own process
        (objects on S3 drop each AWS variable) goes with the request and is no reason to execute anew."""
        return self.serve(data, port, log) if _at_start() == self._at_start else None


def _at_start() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name.startswith(_AT_START)}
