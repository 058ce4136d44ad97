"""One mistyped date with dots does not turn the days and months of a whole column round."""

from __future__ import annotations

import pytest

from seifas.tables.dates import Column
from seifas.tables.table import BadCell


def test_a_slip_is_refused_and_the_others_keep_their_days() -> None:
    column = Column("gimimo data")
    dates = ("01.05.1970", "2.13.1980", "07.08.1990")
    for text in dates:
        column.see(text)
    column.decide()
    assert column.read("01.05.1970").day == "1970-05-01"
    assert column.read("07.08.1990").day == "1990-08-07"
    with pytest.raises(BadCell):
        column.read("2.13.1980")
