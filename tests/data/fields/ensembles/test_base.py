"""What all ensembles share: samples by index, refused arguments, the registry."""

import dataclasses
import math
from inspect import unwrap

import numpy as np
import pytest
import torch

from laws.ensemble_laws import assert_samples_depend_on_their_index_only
from scorelet.core.errors import InputError
from scorelet.data.fields.ensembles import ENSEMBLES, DecayingTurbulence, Discs, PowerLaw, ensemble
from scorelet.data.fields.ensembles import base as base_module
from scorelet.data.fields.ensembles.checks import (
    check_count,
    check_field,
    check_flag,
    check_positive,
    check_size,
)

# the law is about randomness, not about flow, which 16 pixels resolve at these numbers
SHORT = DecayingTurbulence(viscosity=0.1, time=0.05, peak=1.5)
ALL = [SHORT if name == "turbulence" else ensemble(name) for name in ENSEMBLES]
IDS = list(ENSEMBLES)
A = (2, 3)  # two sizes of a batch


@pytest.mark.parametrize("law", ALL, ids=IDS)
def test_a_field_depends_on_seed_and_index_only(law):
    assert_samples_depend_on_their_index_only(law, 16)


def test_nor_does_it_depend_on_how_many_are_held_at_a_time(monkeypatch):
    whole = PowerLaw().sample(7, 8, 0)
    monkeypatch.setattr(base_module, "CHUNK_PIXELS", 3 * 64)
    assert torch.equal(PowerLaw().sample(7, 8, 0), whole)
    monkeypatch.setattr(base_module, "CHUNK_PIXELS", 1)  # less than one field
    assert torch.equal(PowerLaw().sample(7, 8, 0), whole)


@pytest.mark.parametrize("threads", [1, 2])
def test_the_number_of_threads_does_not_matter_and_is_kept(threads):
    before, whole = torch.get_num_threads(), PowerLaw().sample(2, 256, 0)
    torch.set_num_threads(threads)
    try:
        assert torch.equal(PowerLaw().sample(2, 256, 0), whole)
        assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize("law", ALL, ids=IDS)
def test_parameters_and_description_name_everything(law):
    assert type(law)(**law.params) == law
    line = law.describe()
    assert "\n" not in line
    assert line.startswith(f"{law.name}: ")
    assert all(f"{field.name}=" in line for field in dataclasses.fields(law))


def test_every_name_has_one_class_of_that_name():
    assert {name: kind.name for name, kind in ENSEMBLES.items()} == dict(zip(IDS, IDS, strict=True))
    assert ensemble("power_law", eta=1, length=4.0) == PowerLaw(eta=1.0, length=4.0)
    assert ensemble("power_law", mean_zero=True).params["mean_zero"] is True


def test_names_that_do_not_exist_are_answered_with_those_that_do():
    with pytest.raises(InputError, match=r"^Unknown ensemble 'gauss': use one of power_law, mat"):
        ensemble("gauss")
    with pytest.raises(InputError, match=r"'matern' has no parameter 'ell': use length, exponent"):
        ensemble("matern", ell=3.0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0, 8, 0), "n must be an integer of at least 1, got 0"),
        ((True, 8, 0), "n must be an integer of at least 1, got True"),
        ((1, 1, 0), "size must be an integer of at least 2, got 1"),
        ((1, 8, -1), "seed must be an integer of at least 0, got -1"),
    ],
)
def test_impossible_sets_are_one_sentence(arguments, message):
    with pytest.raises(InputError, match=message):
        PowerLaw().sample(*arguments)


@pytest.mark.parametrize("law", ALL, ids=IDS)
@pytest.mark.parametrize(
    "arguments",
    [
        (0, 16, 0),
        (1.5, 16, 0),
        (1, 0, 0),
        (1, 1, 0),
        (1, -4, 0),
        (1, 16, -1),
        (1, 16, "a"),
    ],
)
def test_every_ensemble_refuses_them(law, arguments):
    with pytest.raises(InputError, match=r"^(n|size|seed) must be an integer of at least \d+, got"):
        unwrap(type(law).check)(law, *arguments)


@pytest.mark.parametrize("law", ALL, ids=IDS)
def test_every_ensemble_refuses_parameters_that_are_no_numbers(law):
    for field in dataclasses.fields(law):
        if field.type is bool:
            continue
        for value in (math.nan, math.inf):
            with pytest.raises(InputError, match=f"{field.name} must be a number in"):
                ensemble(law.name, **{field.name: value})


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ensemble("power_law", eta=0), r"eta must be a number in \(0, inf\), got 0"),
        (lambda: check_positive(length="x"), r"length must be a number in .*, got 'x'"),
        (lambda: check_count("n", 2.5), "n must be an integer of at least 0, got 2.5"),
        (lambda: ensemble("matern", exponent=math.nan), "exponent must be a number"),
        (lambda: ensemble("lattice_ou", mass=4.0), "mass must be above 4"),
        (lambda: ensemble("lattice_ou", mass=3.0, coupling=-1.0), "mass must be above 4"),
        (lambda: ensemble("anisotropic", stretch=0.5), r"stretch must be a number in \[1, inf\)"),
        (lambda: ensemble("band_limited", low=2.0, high=1.0), r"high must be a number in \[2, inf"),
        (lambda: ensemble("dead_leaves", largest=0.6), r"largest must be a number in \(0, 0.5\]"),
        (lambda: ensemble("bubbles", contrast=-1), r"contrast must be a number in \[0, inf\)"),
        (lambda: ensemble("band_limited", low=0.1, high=0.2).power(8), "widen the band"),
        (lambda: ensemble("sinusoids", highest=0.5).sample(1, 8, 0), "enlarge highest"),
        (lambda: ensemble("turbulence").sample(1, 9, 0), "size must be even .* use 10"),
        (lambda: ensemble("turbulence").sample(1, 6, 0), "size must be an integer of at least 8"),
        (lambda: ensemble("discs").sample(1, 9, 0), "size must be an integer of at least 10"),
        (lambda: ensemble("dead_leaves", smallest=4.0).power(16), "at least 17, got 16"),
        (lambda: ensemble("c_alpha").power(8), "No formula is known for the power spectrum of"),
        (lambda: ensemble("log_normal").energy(torch.ones(1, 1, 8, 8)), "for the energy of"),
        (lambda: ensemble("discs").force(torch.ones(1, 1, 16, 16)), "for the force of"),
        (lambda: check_flag("mean_zero", "maybe"), "mean_zero must be true or false, got 'maybe'"),
        (lambda: check_size((16, 16)), r"size must be an integer of at least 2, got \(16, 16\)"),
        (lambda: ensemble("matern", length=1e-300).power(8), "beyond floating-point numbers"),
        (lambda: ensemble("power_law", length=1e-300).sample(1, 8, 0), "beyond floating-point"),
        (lambda: PowerLaw().energy(torch.ones(1, 8, 8)), r"must be \(batch, 1, L, L\), .*8, 8"),
        (lambda: PowerLaw().energy(torch.ones(0, 1, 8, 8)), "at least one, got the shape"),
        (
            lambda: PowerLaw().force(torch.ones(1, 1, 8, 8) + 0j),
            "floating point, got torch.comp",
        ),
        (lambda: unwrap(check_field)(np.ones((1, 1, 8, 8))), "floating point, got ndarray"),
        (
            lambda: unwrap(PowerLaw.hessian_vec)(PowerLaw(), *(torch.ones(n, 1, 8, 8) for n in A)),
            r"x has the shape \(2, 1, 8, 8\), v \(3, 1, 8, 8\): expected one",
        ),
        (lambda: PowerLaw().energy(torch.ones(1, 1, 8, 9)), r"must be \(batch, 1, L, L\)"),
        (
            lambda: PowerLaw().force(torch.ones(1, 1, 8, 8).long()),
            "floating point, got torch.int64",
        ),
    ],
)
def test_impossible_parameters_and_fields_are_one_sentence(call, message):
    with pytest.raises(InputError, match=message):
        call()


def test_a_field_is_as_large_as_the_smallest_disc_asks_for():
    assert Discs(smallest=3.0).sample(1, 10, 0).shape == (1, 1, 10, 10)


def test_more_fields_than_memory_holds_are_refused():
    with pytest.raises(InputError, match="draw them in pieces"):
        ensemble("power_law").sample(10**13, 64, seed=0)


def test_a_law_whose_parameters_are_no_fields_is_refused():
    with pytest.raises(InputError, match=r"Level has an __init__ of its own.*a field for each"):

        class Level(PowerLaw):
            def __init__(self, level):
                object.__setattr__(self, "level", level)


def test_laws_may_have_slots():
    @dataclasses.dataclass(frozen=True, slots=True)
    class Level(Discs):
        level: float = 1.0

    assert Level(level=1.0) != Level(level=100.0)
