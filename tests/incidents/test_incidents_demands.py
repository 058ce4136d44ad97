"""The ledger of demands: what the case of 2017 was worth day by day, addresses, and what is refused."""

from __future__ import annotations

import hashlib
from datetime import date
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seifas.errors import Invalid, TooLarge
from seifas.incidents import addresses, demands, valuing
from seifas.incidents.demands import Demand, Kept, chains, checked, handed_over, handed_over_csv, standing_now
from seifas.incidents.rates import Rates, bitcoin_on, ecb_until, euro_on, read_rates
from seifas.incidents.standing import Entry

# Day, BTC/USD at its close, 300 BTC and 50 BTC in EUR as they were worked out apart from this code.
TABLE = (
    ("2017-03-01", "1222.50", 348191, 58032), ("2017-03-07", "1223.54", 347071, 57845),
    ("2017-03-10", "1116.72", 315874, 52646), ("2017-03-12", "1221.38", 345478, 57580),
    ("2017-03-13", "1231.92", 346597, 57766), ("2017-03-14", "1240.00", 349920, 58320),
    ("2017-03-15", "1249.61", 352931, 58822), ("2017-03-17", "1100.23", 307413, 51235),
    ("2017-03-21", "1120.54", 311203, 51867), ("2017-03-24", "937.52", 260302, 43384),
    ("2017-05-30", "2175.47", 584123, 97354), ("2017-05-31", "2286.41", 611285, 101881),
    ("2017-06-30", "2480.84", 652166, 108694),
)  # fmt: skip


def file_of(rows: list[tuple[str, str]] | None = None, head: str = "Date,Open,Close") -> bytes:
    some = rows if rows is not None else [(day, close) for day, close, *_ in TABLE]
    return "\n".join([head, *(f"{day},1,{close}" for day, close in some)]).encode()


def rates_of(data: bytes) -> Rates:
    return read_rates(data, "daily closes", hashlib.sha256(data).hexdigest())


def entry(number: int, body: bytes, about: int = 0) -> Entry:
    return Entry(
        entry=str(number) * 32, seq=number, kind="demand", about=str(about) * 32 if about else "", ms=number,
        case_ms=number, by="Ona", hat="officer", signed=False, body=body, line=number,
    )  # fmt: skip


def written(one: Demand) -> bytes:
    return msgspec.json.encode(one)


RATES = rates_of(file_of())


def demand(**fields: object) -> Demand:
    plain = {"addressee": "clinic", "amount": "300", "unit": "BTC", "fixed_in": "BTC", "seen_at": "2017-03-01"}
    return Demand(**{**plain, **fields})  # type: ignore[arg-type]


@pytest.mark.parametrize(("day", "close", "three_hundred", "fifty"), TABLE)
def test_what_the_demands_of_2017_were_worth(day: str, close: str, three_hundred: int, fifty: int) -> None:
    for amount, worth in (("300", three_hundred), ("50", fifty)):
        made = valuing.valued(demand(amount=amount), date.fromisoformat(day), RATES)
        assert abs(Decimal(made.eur) / worth - 1) < Decimal("0.0001"), made
        assert made.bitcoin_day == day
        assert made.euro_source == valuing.ECB
    assert made.older == (day == "2017-03-12"), "the ECB quotes no Sunday, and the valuation says so"


@pytest.mark.parametrize(("day", "amount", "press"), [("2017-05-31", "300", 616849), ("2017-05-31", "50", 103605)])
def test_within_three_per_cent_of_the_press(day: str, amount: str, press: int) -> None:
    made = valuing.valued(demand(amount=amount), date.fromisoformat(day), RATES)
    assert abs(Decimal(made.eur) / press - 1) < Decimal("0.03")


def test_a_day_without_a_rate_takes_an_older_one_and_says_so_or_none() -> None:
    friday = valuing.valued(demand(), date(2017, 3, 27), RATES)
    assert (friday.bitcoin_day, friday.older) == ("2017-03-24", True)
    late = valuing.valued(demand(), date(2017, 4, 20), RATES)
    assert (late.eur, late.why) == ("", "no-bitcoin-rate")
    assert valuing.valued(demand(), date(2017, 3, 1), None).why == "no-bitcoin-rate"
    assert valuing.valued(demand(), date(2016, 3, 1), RATES).why == "no-bitcoin-rate"
    assert valuing.valued(demand(unit="XMR"), date(2017, 3, 1), RATES).why == "no-quoted-unit"
    assert valuing.valued(demand(unit="USD"), date(1990, 1, 1), RATES).why == "no-euro-rate"
    far = ecb_until().replace(year=ecb_until().year + 1)
    beyond = rates_of(file_of([(far.isoformat(), "100000")]))
    assert valuing.valued(demand(), far, beyond).why == "no-euro-rate"
    assert valuing.valued(demand(unit="EUR", amount="344000"), far, None).eur == "344000.00"


def test_the_curve_of_a_demand_that_was_replaced() -> None:
    first, second = demand(), demand(amount="50", seen_at="2017-05-31")
    junk = entry(3, b"[]", about=1)
    [chain] = chains([entry(1, written(first)), entry(2, written(second), about=1), junk])
    assert (chain.now.demand, chain.first) == (second, "1" * 32)
    assert standing_now([chain]) == (chain.now,)
    points = valuing.curve(chain, date(2017, 6, 30), RATES)
    assert [one.day for one in points] == sorted({one.day for one in points})
    by_day = {one.day: one for one in points}
    assert by_day[date(2017, 5, 30)].entry == chain.first
    assert by_day[date(2017, 5, 31)].valuation.eur.startswith("101880.8")
    assert len(valuing.curve(chain, date(2027, 6, 30), RATES)) <= valuing.MOST_POINTS


@pytest.mark.parametrize(("data", "words"), [
    (b"", "first line"), (b"a,b\n1,2", "first line"), (file_of([]), "no day with a price"),
    (file_of([("2017-03-01", "null")]), "no day with a price"), (file_of([("2017-13-01", "5")]), "line 2"),
    (file_of([("2017-03-01", "5"), ("2017-03-01", "6")]), "second time"), (file_of([("1999-03-01", "5")]), "line 2"),
    (file_of([("2017-03-01", "-5")]), "cannot be"), (file_of([("2017-03-01", "NaN1")]), "cannot be"),
    (file_of([("2017-03-01", "5 USD")]), "no price"),
    (file_of([("2017-03-01", "1e400")]), "cannot be"), (file_of([("2017-03-01", "Infinity")]), "cannot be"),
    ("Date,Close\n2017-03-01,5".encode("utf-16"), "UTF-8"), (b'Date,Close\n"2017-03-01,5', "line"),
    (b"Date,Close\n2017-03-01", "no day with a price"), (b"\x00" * 40, "first line"),
])  # fmt: skip
def test_files_of_rates_that_are_none(data: bytes, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        rates_of(data)


def test_a_huge_file_of_rates_is_refused_and_gaps_are_counted() -> None:
    with pytest.raises(TooLarge):
        rates_of(b"Date,Close\n" + b"2017-03-01,5\n" * 400_000)
    made = rates_of(file_of([("2017-03-02", "7"), ("2017-03-01", "5"), ("2017-03-03", "null")]))
    assert (made.days, made.missing) == (("2017-03-01", "2017-03-02"), 1)
    with pytest.raises(Invalid, match="where the rates are from"):
        read_rates(file_of(), " ", "0" * 64)


@given(st.binary(max_size=300))
def test_no_file_of_rates_breaks_the_reader(data: bytes) -> None:
    for body in (data, b"date,close\n" + data):
        try:
            made = rates_of(body)
        except (Invalid, TooLarge):
            continue
        assert list(made.days) == sorted(set(made.days))


@given(st.dates(date(2017, 3, 1), date(2017, 7, 30)))
def test_a_rate_is_never_of_a_later_day_nor_over_a_week_old(day: date) -> None:
    for found in (bitcoin_on(RATES, day), euro_on("USD", day)):
        assert found is None or 0 <= (day - found.day).days <= 7


# -- addresses: BIP 173 and BIP 350's own examples, and those of the wiki that every wallet knows

VALID = {
    "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2": "p2pkh", "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy": "p2sh",
    "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4": "p2wpkh",
    "bc1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3qccfmv3": "p2wsh",
    "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0": "p2tr",
    "BC1SW50QGDZ25J": "witness", "bc1zw508d6qejxtdg4y5r3zarvaryvaxxpcs": "witness",
}  # fmt: skip
BROKEN = (
    "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqh2y7hd",  # bech32 where bech32m is due
    "BC1S0XLXVLHEMJA6C4DQV22UAPCTQUPFHLXM9H8Z3K2E72Q4K9HCZ7VQ54WELL",
    "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kemeawh", "bc1pw5dgrnzv", "BC1QR508D6QEJXTDG4Y5R3ZARVARYV98GJ9P",
    "bc1p38j9r5y49hruaue7wxjce0updqjuyyx0kh56v8s25huc6995vvpql3jow4",
    "bc1qW508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN3", "bc1", "1", "3abc",
)  # fmt: skip


@pytest.mark.parametrize(("text", "kind"), VALID.items())
def test_addresses_of_every_script_type(text: str, kind: str) -> None:
    made = addresses.read(f"  {text} ")
    assert (made.type, made.valid) == (kind, True)
    assert addresses.found_in(f"send to {text}, now!") == (addresses.read(text),)


@pytest.mark.parametrize("text", BROKEN)
def test_addresses_that_are_broken(text: str) -> None:
    assert addresses.read(text).type == "broken"
    assert not addresses.found_in(f"send to {text}")


def test_other_chains_are_kept_and_said_nothing_of() -> None:
    for text in ("tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx", "mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn", "", "4A"):
        assert addresses.read(text).type == "other-chain"
        assert not addresses.read(text).valid


@given(st.sampled_from(list(VALID)), st.integers(0, 200), st.characters())
def test_one_letter_changed_is_no_address_of_another_kind(text: str, at: int, letter: str) -> None:
    at %= len(text)
    changed = text[:at] + letter + text[at + 1 :]
    made = addresses.read(changed)
    assert not made.valid or made.plain.lower() == text.lower() or len(text) < 20


@given(st.text(max_size=150))
def test_no_text_breaks_the_reader_of_addresses(text: str) -> None:
    made = addresses.read(text)
    assert made.valid == bool(made.program)
    addresses.found_in(text)


# -- demands


@pytest.mark.parametrize(("field", "value"), [
    ("amount", ""), ("amount", "0"), ("amount", "1,5"), ("amount", "1e9"), ("amount", "-3"), ("amount", "٣"),
    ("unit", "DOGE"), ("fixed_in", ""), ("seen_at", "yesterday"), ("seen_at", "2017-02-30"), ("deadline", "2017-02-01"),
    ("zone", "Mars/Olympus"), ("zone", "../../etc/passwd"), ("zone", ""), ("contact", "x" * 301),
    ("wording", "x" * 20_001), ("addresses", ("",)), ("addresses", ("1",) * 51), ("evidence", ("xyz",)),
    ("samples", ("a" * 31,)), ("patient", "nobody"), ("channel", "pigeon"), ("scope", "most"), ("note", "x" * 301),
    ("addressee", "nobody"),
])  # fmt: skip
def test_demands_that_cannot_be(field: str, value: object) -> None:
    with pytest.raises(Invalid) as raised:
        checked(demand(**{field: value}))
    assert raised.value.where == field


def test_a_demand_is_kept_as_it_was_and_its_addresses_are_handed_over_once() -> None:
    one = demand(addresses=("1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2", "=cmd()"),
                 wording="or to BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4 by friday", deadline="2017-06-30")
    assert checked(one) is one
    assert msgspec.json.decode(msgspec.json.encode(one), type=Demand) == one
    two = demand(amount="0.5", addressee="patient", addresses=("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",))
    listed = handed_over([Kept("a" * 32, "", 1, one), Kept("b" * 32, "", 2, two)])
    assert [(line.address.type, len(line.demands)) for line in listed] == [
        ("p2wpkh", 2), ("p2pkh", 1), ("other-chain", 1),
    ]  # fmt: skip
    text = handed_over_csv(listed, {"a" * 32: "2017-03-01", "b" * 32: "2017-04-01"})
    assert "\"'=cmd()\",other-chain,no,1,2017-03-01\r\n" in text
    assert text.count("\r\n") == 4
    assert demands.UNITS[0] == "BTC"
