"""Where a demo keeps its passphrase: in a file beside its directory, never inside it."""

from __future__ import annotations

from pathlib import Path


def demo_passphrase_file(data: Path) -> Path:
    """For DATA it is DATA.passphrase, mode 0600, made by `seifas demo`."""
    full = data.resolve()
    return full.with_name(full.name + ".passphrase")
