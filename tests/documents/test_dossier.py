"""The names in a packed submission: each of its own, wherever it is unpacked."""

from __future__ import annotations

import zipfile

import pytest

from qtb.documents import dossier


def test_names_that_are_one_to_some_systems_are_kept_apart() -> None:
    given = ["f/a.pdf", "f/A.PDF", "f/a (2).pdf", "f/\u00e9.pdf", "f/e\u0301.pdf", "g/a.pdf", "f/a.pdf"]
    with dossier.packed((path, [path.encode()]) for path in given) as kept, zipfile.ZipFile(kept) as archive:
        found = archive.namelist()
        assert [archive.read(one).decode() for one in found] == given
    assert found[:2] == ["f/a.pdf", "f/A (2).PDF"]
    assert len({dossier._alike(one) for one in found}) == len(given)


@pytest.mark.parametrize(
    ("given", "wanted"),
    [("CON.pdf", "_CON.pdf"), ("nul", "_nul"), ("lpt1.txt", "_lpt1.txt"), ("console.pdf", "console.pdf"),
     ('a"b<c>.pdf', "a_b_c_.pdf"), ("../../x", "_.._x")],
)  # fmt: skip
def test_a_name_is_one_that_every_system_takes(given: str, wanted: str) -> None:
    assert dossier.name(given) == wanted
