"""A keeper with a patient who was invited, asked straight at its ops."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "keeper"))

from keeper_rig import Alarms, Rig


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    """A vault that sends mail (to a server that nobody asks here: letters are taken from the outbox)."""
    return Rig(tmp_path / "vault", alarms=Alarms(smtp_host="127.0.0.1", smtp_port=1))


@pytest.fixture
def make_rig(tmp_path: Path) -> Callable[..., Rig]:
    return lambda **settings: Rig(tmp_path / "made", **settings)
