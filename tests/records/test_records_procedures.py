"""Procedures: products and lots as Devices, read back from ours and from others' records, compared by form."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_records_composing import SCENE, stored

from seifas.errors import Invalid
from seifas.keeper.lots import lot_form, lots_in
from seifas.records import procedures
from seifas.records.procedures import Product, Typed

TODAY = "2026-11-22"


def test_a_procedure_names_its_devices_and_reads_back() -> None:
    products = (Product("Juvéderm", "H30LB-2201", "2027-05-31"), Product("Implantas", "IM 7", "", stays=True))
    devices = [stored(procedures.device(SCENE, one)) | {"id": str(number) * 32}
               for number, one in enumerate(products, 1)]
    typed = Typed(what="Injekcija", site="Lūpos", text="Be komplikacijų", products=products)
    made = stored(procedures.procedure(SCENE, typed, tuple(one["id"] for one in devices)))
    back = procedures.products_of(made, {one["id"]: one for one in devices})
    assert [(one.name, one.lot, one.expires, one.stays) for one in back] == [
        (one.name, one.lot, one.expires, one.stays) for one in products
    ]
    assert made["performer"][0]["actor"]["display"] == SCENE.by
    assert {lot for one in devices for lot in lots_in(one)} == {"h30lb2201", "im7"}


def test_lots_in_words_are_read() -> None:
    words = {"resourceType": "Procedure", "usedCode": [{"text": "Botulino toksinas, LOT 02233-646, EXP 2028-05-08"}]}
    (found,) = procedures.products_of(words, {})
    assert (found.name, found.lot, found.expires) == ("Botulino toksinas", "02233-646", "2028-05-08")
    assert lots_in(words) == {lot_form("02233646")}
    assert lots_in({"resourceType": "Procedure", "usedCode": [{"text": "PILOT 12"}]}) == set()


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        (("", "L1", ""), "product"), (("P", "L" * 61, ""), "lot"), (("P", "L1", "2026-11-21"), "expires"),
        (("P", "L1", "rytoj"), "expires"), (("P" * 301, "", ""), "product"),
    ],
)
def test_rows_that_cannot_be(fields: tuple[str, str, str], where: str) -> None:
    with pytest.raises(Invalid) as caught:
        procedures.product_typed(*fields, stays=False, today=TODAY)
    assert caught.value.where == where


def test_an_empty_row_is_none_and_todays_expiry_is_good() -> None:
    assert procedures.product_typed(" ", "", "2020-01-01", stays=True, today=TODAY) is None
    assert procedures.product_typed("P", "", TODAY, stays=False, today=TODAY) == Product("P", "", TODAY)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["lotNumber", "usedCode", "text", "contained", "reference", "x"]), inner,
                      max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(st.dictionaries(st.sampled_from(["lotNumber", "usedCode", "usedReference", "focalDevice"]), _json))
def test_no_shape_breaks_the_search_for_lots(resource: dict[str, object]) -> None:
    assert all(isinstance(one, str) and one for one in lots_in(resource))
    procedures.products_of(resource, {})


def test_a_known_practitioner_is_referred_to() -> None:
    typed = Typed(what="Injekcija", performer="Rūta", practitioner="3" * 32)
    (done,) = stored(procedures.procedure(SCENE, typed, ()))["performer"]
    assert done["actor"] == {"reference": f"Practitioner/{'3' * 32}", "display": "Rūta"}
