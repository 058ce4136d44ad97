"""One supervisor with one keeper, as `seifas` commands start them: for tests that kill it."""

from __future__ import annotations

import sys
from pathlib import Path

from seifas import settings
from seifas.keeper import main as keeper_main
from seifas.supervisor import Program, run


def main() -> int:
    data = Path(sys.argv[1])
    chosen = settings.load(data)
    return run([Program("keeper", lambda: keeper_main.main(data, chosen, alone=True), None, holds_root=True)])


if __name__ == "__main__":
    sys.exit(main())
