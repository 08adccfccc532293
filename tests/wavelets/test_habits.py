"""Arguments of Kymatio and PyWavelets are answered with what they are called here."""

from inspect import unwrap

import numpy as np
import pytest
import torch

from scorelet.core.errors import InputError
from scorelet.tasks.scatter import scatter
from scorelet.wavelets import OrthogonalWavelet, Scattering2d, phases


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: Scattering2d(2, (32, 32)), r"shape is .* Kymatio: .*leave it out.*\(J, L\)"),
        (lambda: Scattering2d(2, (32, 32), 8), "shape is an argument of Kymatio"),
        (lambda: Scattering2d(2, shape=(32, 32)), "shape is an argument of Kymatio"),
        (lambda: Scattering2d(J=2, L=8, max_order=2), "max_order is .*: here it is called order"),
        (lambda: Scattering2d(2, backend="torch"), "backend is an argument of Kymatio"),
        (lambda: Scattering2d(2, out_type="list"), "out_type is .*paths says what each is"),
        (lambda: Scattering2d(2, pre_pad=True), "pre_pad is .*give them without padding"),
        (lambda: OrthogonalWavelet(wavelet="db2"), "wavelet is .*: here it is called name"),
        (lambda: OrthogonalWavelet("db2", level=2), "level is .*: here it is called levels"),
        (lambda: OrthogonalWavelet("db2", "symmetric", 2), "mode is an argument of PyWavelets"),
        (lambda: OrthogonalWavelet("db2", 2, "periodization"), "mode is .*mirror what is not"),
        (lambda: OrthogonalWavelet("db2", mode="zero"), "mode is an argument of PyWavelets"),
        (lambda: OrthogonalWavelet("db2", axes=(0, 1)), "axes is .* by x.movedim"),
        (lambda: OrthogonalWavelet("db2", axis=0), "axis is .* ndim=1 .* by x.movedim"),
        (
            lambda: unwrap(phases)(np.zeros((8, 8), complex)),
            r"are ndarray: .* as torch.from_numpy\(z\)",
        ),
        (lambda: scatter(np.zeros((8, 8)), "x.npz"), r"is of the type ndarray.*torch.from_numpy"),
        (lambda: scatter([torch.zeros(8, 8)], "x.npz"), "is of the type Tensor.*Scattering2d"),
        (lambda: scatter(paths=np.zeros(8), output="x.npz"), "of the type ndarray.*NAME.npy"),
    ],
)
def test_a_habit_is_answered_with_what_to_write(call, sentence):
    with pytest.raises(InputError, match=sentence):
        call()


def test_arguments_that_nobody_has_are_those_of_python():
    with pytest.raises(TypeError, match="unexpected keyword argument 'colour'"):
        Scattering2d(2, colour=3)
    with pytest.raises(InputError, match="levels is 'two'"):
        OrthogonalWavelet("db2", "two")
