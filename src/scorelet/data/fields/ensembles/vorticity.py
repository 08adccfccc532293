"""Incompressible flow in the plane, in vorticity form: the equation and its time steps.

Symbols: w vorticity on the periodic square of side 2 pi, psi stream function, u = (u_x, u_y)
velocity, x to the right along columns and y along rows, nu viscosity, k integer frequency.

    dw/dt + u . grad w = nu Lap w        Lap psi = -w        u = (d psi/dy, -d psi/dx)

Because div u = 0, the non-linear term is a derivative of two products of velocities:

    u . grad w = (dxx - dyy)(u_x u_y) + dxy (u_y^2 - u_x^2)

so that a step of Runge and Kutta takes four transforms of real fields. Frequencies with
max(|k_x|, |k_y|) >= L/3 are kept at zero, which makes every product free of aliases.

References: Basdevant 1983, J. Comput. Phys. 50, 209 (the form of the products); Orszag 1971,
J. Atmos. Sci. 28, 1074 (the 2/3 rule).
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from scorelet.core.errors import InputError
from scorelet.data.fields.ensembles.checks import check_number, check_positive
from scorelet.data.fields.ensembles.grids import frequencies

Derivative = Callable[[Tensor], Tensor]


def velocity(vorticity: Tensor) -> Tensor:
    """Return u of vorticity fields.

    Args:
        vorticity: (batch, 1, L, L), any floating dtype; the mean is left out.

    Returns:
        (batch, 2, L, L): u_x along columns and u_y along rows.
    """
    size = _side(vorticity, 4)
    spectrum = torch.fft.rfft2(vorticity)
    spectra = spectrum * _velocity_symbols(size).to(spectrum)
    return torch.fft.irfft2(spectra, s=(size, size))


def kinetic_energy(vorticity: Tensor) -> Tensor:
    """Return the mean over the square of |u|^2 / 2, one number for each field, (batch,)."""
    return velocity(vorticity).square().sum(1).mean((1, 2)) / 2


def advection(vorticity: Tensor) -> Tensor:
    """Return u . grad w of one field (L, L), float64, on the frequencies of the 2/3 rule."""
    size = _side(vorticity, 2)
    flow = _Flow(size)
    rate = flow.derivative(flow.cut(torch.fft.rfft2(vorticity)))
    return -torch.fft.irfft2(flow.fill(rate), s=(size, size))


def evolve(vorticity: Tensor, *, viscosity: float, time: float, step: float) -> Tensor:
    """Return one vorticity field after `time`, by Runge-Kutta of order 4.

    Diffusion is exact: v = exp(nu |k|^2 t) w obeys an equation without it. Frequencies that the
    2/3 rule forbids are removed.

    Args:
        vorticity: (L, L), float64, L even and at least 4.
        viscosity: nu, at least 0.
        time: units in which the side is 2 pi.
        step: length of a time step, at most; `time` is cut into equal ones.

    Raises:
        InputError: no such field, a negative viscosity or time, a step that is not positive, or a
            solution that is not finite at the end, because the step is too long.
    """
    size = _side(vorticity, 2)
    check_number("viscosity", viscosity, low=0)
    check_number("time", time, low=0)
    check_positive(step=step)
    steps = max(1, math.ceil(time / step - 1e-9))
    flow = _Flow(size)
    half = torch.exp(-viscosity * flow.squared * (time / steps / 2)).to(torch.complex128)
    w = flow.cut(torch.fft.rfft2(vorticity))
    for _ in range(steps):
        w = _runge_kutta(w, flow.derivative, time / steps, half)
    result = torch.fft.irfft2(flow.fill(w), s=(size, size))
    if not bool(torch.isfinite(result).all()):
        raise InputError(
            f"The flow is not finite after time {time:g} with steps of {time / steps:.3g}: "
            "give a shorter step."
        )
    return result


def _side(vorticity: Tensor, ndim: int) -> int:
    """Return L of (L, L), or of (batch, 1, L, L); raise InputError for anything else."""
    shape = tuple(vorticity.shape)
    square = len(shape) == ndim and shape[-1] == shape[-2] and shape[-1] >= 4 and shape[-1] % 2 == 0
    if not square or (ndim == 4 and (shape[1] != 1 or shape[0] == 0)):
        expected = "(L, L)" if ndim == 2 else "(batch, 1, L, L)"
        raise InputError(
            f"The vorticity has the shape {shape}: expected {expected}, L even and at least 4."
        )
    if not vorticity.is_floating_point() or not bool(torch.isfinite(vorticity).all()):
        raise InputError(
            f"The vorticity is {vorticity.dtype}, or not finite: expected finite floating-point "
            "numbers."
        )
    return shape[-1]


def _runge_kutta(w: Tensor, f: Derivative, step: float, half: Tensor) -> Tensor:
    """One step of the classical rule for dw/dt = f(w) - nu |k|^2 w; half = exp(-nu |k|^2 dt/2)."""
    a = f(w)
    decayed = half * w
    b = f(torch.addcmul(decayed, half, a, value=step / 2))
    c = f(torch.add(decayed, b, alpha=step / 2))
    whole = half * decayed
    d = f(torch.addcmul(whole, half, c, value=step))
    inner = half * a + 2 * (b + c)
    return whole + (step / 6) * (half * inner + d)


class _Flow:
    """The equation of one size, on the frequencies that the 2/3 rule keeps.

    They are an array of their own, (2 K + 1, K + 1) with K the largest integer below L/3: rows
    k_y = 0 ... K, -K ... -1 and columns k_x = 0 ... K. Transforms along y are those of these
    columns only.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.keep = (size - 1) // 3
        kx, ky = (k.T for k in _kept_frequencies(self.keep))
        self.squared = kx**2 + ky**2
        inverse = torch.where(self.squared > 0, 1 / self.squared, 0.0)
        self.to_velocity = torch.stack([1j * ky * inverse, -1j * kx * inverse])
        # complex like the spectra: a product of a real and a complex tensor converts it each time
        self.from_products = torch.stack([kx**2 - ky**2, kx * ky]).to(torch.complex128)
        self.columns = torch.zeros(2, size, self.keep + 1, dtype=torch.complex128)

    def derivative(self, w: Tensor) -> Tensor:
        """-u . grad w, from kept to kept frequencies."""
        keep, columns = self.keep, self.columns
        torch.mul(self.to_velocity[:, : keep + 1], w[: keep + 1], out=columns[:, : keep + 1])
        torch.mul(self.to_velocity[:, keep + 1 :], w[keep + 1 :], out=columns[:, -keep:])
        u, v = torch.fft.irfft(torch.fft.ifft(columns, dim=1), n=self.size, dim=2)
        products = torch.stack([u * v, (v - u) * (v + u)])
        spectra = torch.fft.rfft(products, dim=2)[..., : keep + 1]
        terms = self._kept_rows(torch.fft.fft(spectra, dim=1)) * self.from_products
        return terms[0] + terms[1]

    def cut(self, spectrum: Tensor) -> Tensor:
        """From the (L, L/2 + 1) frequencies of rfft2 to the kept ones."""
        return self._kept_rows(spectrum[..., : self.keep + 1])

    def fill(self, kept: Tensor) -> Tensor:
        """The inverse of `cut`, with zeros at the other frequencies."""
        full = kept.new_zeros(self.size, self.size // 2 + 1)
        full[: self.keep + 1, : self.keep + 1] = kept[: self.keep + 1]
        full[-self.keep :, : self.keep + 1] = kept[self.keep + 1 :]
        return full

    def _kept_rows(self, spectrum: Tensor) -> Tensor:
        return torch.cat([spectrum[..., : self.keep + 1, :], spectrum[..., -self.keep :, :]], -2)


def _kept_frequencies(keep: int) -> tuple[Tensor, Tensor]:
    """k_x (K + 1, 1) and k_y (1, 2 K + 1)."""
    up = torch.arange(keep + 1, dtype=torch.float64)
    return up[:, None], torch.cat([up, up[1:].flip(0).neg()])[None, :]


def _velocity_symbols(size: int) -> Tensor:
    """(2, L, L/2 + 1): what turns the transform of w into those of u_x and u_y.

    The frequency -L/2 of an even L has no partner, and its derivative none that is real: 0.
    """
    ky, kx = frequencies(size)
    kx = kx[:, : size // 2 + 1].abs()
    squared = kx**2 + ky**2
    inverse = torch.where(squared > 0, 1 / squared, 0.0)
    ky, kx = (torch.where(2 * k.abs() == size, 0.0, k) for k in (ky, kx))
    return torch.stack([1j * ky * inverse, -1j * kx * inverse])
