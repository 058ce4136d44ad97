"""What the drill reads in the case that it works."""

import pytest

from seifas.drill.case_run import named_in
from seifas.drill.sample_taken import Taken

STAFF = ("Gražina Petrauskienė", "Jonas Jonaitis")


def patient(family: str) -> Taken:
    return Taken("", family, "Ona", "1980-01-01", "", "")


@pytest.mark.parametrize(
    ("filing", "named"),
    [
        ('"text": "Gražina Petrauskienė"', 0),
        ('"text": "Ona Petrauskienė"', 1),
        ('"text": "Gražina Petrauskienė, for Petrauskienė"', 1),
        ('"text": "Jonas Jonaitis and Kazlauskienė"', 1),
        ('"text": "Jonaitis, Petrauskienė, Kazlauskienė"', 2),
        ('"text": "Petrauskienės"', 0),
        ("", 0),
    ],
)
def test_a_filing_names_who_answers_for_it_and_no_patient(filing: str, named: int) -> None:
    assert named_in(filing, [patient("Petrauskienė"), patient("Kazlauskienė")], STAFF) == named
