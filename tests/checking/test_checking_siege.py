"""What our own front answers in a siege has no weak headers either."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from front_rig import FrontRig, front_rig, haproxies

from seifas.checking import answers, asking


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FrontRig]:
    with front_rig(Path(tmp_path_factory.mktemp("siege")) / "f", haproxies()[-1]) as made:
        yield made


@pytest.mark.parametrize("path", ["/", "/my", "/desk?x=1"])
def test_the_challenge(rig: FrontRig, path: str) -> None:
    rig.mode(2)
    try:
        answer = asking.ask(f"127.0.0.1:{rig.port()}", path, "", tls=False)
    finally:
        rig.mode(0)
    assert answer.status == 403
    assert list(answers.faults_of(answer, tls=False)) == []
