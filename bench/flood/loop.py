"""The control loop beside the bench's front, evidence sealed to files: `python -m bench.flood.loop DIR [CALM_AFTER_S]`.

The product starts the same loop by the supervisor (told to the keeper) or by `seifas shield` (files, as here). A calm
that begins after fewer than ten minutes is for measuring the way back alone.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from seifas.shield.control import Control, Loop
from seifas.shield.modes import Rules
from seifas.shield.sealed_files import SealedFiles


async def _run(directory: Path, calm_after: float) -> None:
    control = Control(
        directory=directory, lines_socket=directory / "lines.sock", runtime_socket=directory / "haproxy.sock",
        master_socket=directory / "master.sock", rules=Rules(calm_after=calm_after, longest_calm_after=6 * calm_after),
    )  # fmt: skip
    await Loop(control, SealedFiles(directory)).run()


def main() -> None:
    calm_after = float(sys.argv[2]) if len(sys.argv) > 2 else Rules().calm_after
    asyncio.run(_run(Path(sys.argv[1]), calm_after))


if __name__ == "__main__":
    main()
