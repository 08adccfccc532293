"""What is said of bands, by the record of a fit."""

from scorelet.tasks.field_model.said import said_of_potentials


def test_bands_whose_potentials_were_held_or_made_smoother_are_named_once():
    sizes = [2, 4], [4, 8], [4, 8], [8, 16]
    flags = (False, True), (True, False), (True, False), (False, False)
    bands = [
        {"size": size, "tails_held": held, "stiffened": smoother}
        for size, (held, smoother) in zip(sizes, flags, strict=True)
    ]
    tails, smoother = said_of_potentials(bands)
    assert "held convex at 4x8 pixels" in tails
    assert "The potential at 2x4 pixels is smoother" in smoother
    assert said_of_potentials([*bands[3:], {"size": [1, 1], "tails_held": False}]) == []


def test_bands_of_nearly_singular_equations_are_named():
    bands = [{"size": [2 * k, 4 * k], "condition": c} for k, c in enumerate((1e9, 2e10, None), 1)]
    (said,) = said_of_potentials(bands)
    assert "equations at 4x8, 6x12 pixels are nearly singular" in said
