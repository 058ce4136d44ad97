"""What a check looks at: the vault's files and settings, what the keeper tells, and the machine around them."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

from seifas.checking.machine import Machine
from seifas.keeper.inspected import Inside, Inspected
from seifas.settings import Settings

DAY_MS: Final = 86_400_000
LOCKED: Final = "the vault is locked: unlock it, then check again"
STANDBY: Final = "this node stands by, and knows nothing from inside: check the active one, too"
OFF: Final = "the vault is not being served: start it, or give --passphrase-file"


class Sight(msgspec.Struct, frozen=True, kw_only=True):
    """`keeper` None: none answers. `served`: by processes that stay, not by a keeper started for this look. `standby`:
    this node waits for another's end; `quick`: large files are not read. `backups` and `key_copies`: where
    `seifas backup` puts them; None where nobody said."""

    data: Path
    settings: Settings
    machine: Machine
    now_ms: int
    keeper: Inspected | None = None
    served: bool = False
    standby: bool = False
    backups: Path | None = None
    key_copies: Path | None = None
    advisories: Path | None = None
    quick: bool = False

    @property
    def inside(self) -> Inside | None:
        return self.keeper.inside if self.keeper is not None else None

    @property
    def closed(self) -> str:
        """Why nothing is known from inside."""
        if self.standby:
            return STANDBY
        return OFF if self.keeper is None else LOCKED

    @property
    def keys(self) -> Path:
        return self.data / self.settings.paths.keys

    def same_disk(self, one: Path, other: Path) -> bool:
        """Whether the nearest directories that are there lie on one disk."""
        return bool(self.machine.disks(one) & self.machine.disks(other))

    def days(self, since_ms: int) -> int:
        return max(0, self.now_ms - since_ms) // DAY_MS
