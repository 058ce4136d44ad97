"""One clean installation for all tests of the check; each puts back what it changes."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from clean_clinic import Clean, clean_clinic

from seifas.checking import answers


@pytest.fixture(scope="session")
def clean(places: Path) -> Iterator[Clean]:
    at = places / f"clean-{os.urandom(4).hex()}"
    at.mkdir(mode=0o755)
    with clean_clinic(at) as made, pytest.MonkeyPatch.context() as patch:
        # Each listener is asked once: a hundred looks a minute from one address are what the shield holds up.
        patch.setattr(answers, "ask", functools.cache(answers.ask))
        patch.setattr(answers, "takes_old_tls", functools.cache(answers.takes_old_tls))
        yield made
