"""What is said of bands, by the record of a fit."""

from scorelet.cli.field_tables import stiffened, tails


def test_bands_whose_potentials_were_held_or_made_smoother_are_named_once():
    sizes = [2, 4], [4, 8], [4, 8], [8, 16]
    flags = (False, True), (True, False), (True, False), (False, False)
    bands = [
        {"size": size, "tails_held": held, "stiffened": smoother}
        for size, (held, smoother) in zip(sizes, flags, strict=True)
    ]
    assert "held convex at 4x8 pixels" in tails({"bands": bands})
    assert "The potential at 2x4 pixels is smoother" in stiffened({"bands": bands})
    assert tails({"bands": bands[3:]}) == stiffened({"bands": bands[3:]}) == ""
