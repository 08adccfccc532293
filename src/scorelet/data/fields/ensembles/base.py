"""What every ensemble of fields can do: draw samples by index, and say what is known of them.

Symbols: L side in pixels, x a field (batch, 1, L, L), periodic unless its class says otherwise;
k integer frequency, w = 2 pi k / L in [-pi, pi) radians per pixel; X the orthonormal discrete
Fourier transform of x - E x; P(k) = E |X(k)|^2, whose mean over k is the pixel variance; U energy,
p(x) = exp(-U(x)) / Z.
"""

import warnings
from abc import ABC, abstractmethod
from collections.abc import Generator as Yields
from contextlib import contextmanager
from dataclasses import dataclass, fields
from typing import Any, ClassVar, NoReturn, final

import numpy as np
import torch
from torch import Generator, Tensor

from scorelet.core.device import exactly
from scorelet.core.errors import InputError
from scorelet.core.per_sample import one_thread
from scorelet.core.random import generator
from scorelet.core.typing import Image, PerSample
from scorelet.data.fields.ensembles.checks import check_count, check_field, check_size

CHUNK_PIXELS = 1 << 22  # held in float64 at a time, beside the result


class EnsembleWarning(UserWarning):
    """Fields can be drawn, but they are not quite those of the formula."""


@dataclass(frozen=True)
class Ensemble(ABC):
    """A law of random fields whose sample i is a function of (seed, i, size, parameters).

    A subclass is a frozen dataclass: its fields are its parameters. It writes `_sample`, and those
    of `_power`, `_energy`, `_force` and `_hessian_vec` that have a formula. Ensembles that need
    Monte Carlo are subclasses too; `IndexedEnsemble` is for those with one generator per field.

    `version` is raised when a formula changes, so that a cache of older samples is not used.
    """

    name: ClassVar[str]
    formula: ClassVar[str]  # one line
    reference: ClassVar[str] = ""
    version: ClassVar[int] = 1

    def __init_subclass__(cls) -> None:
        """Refuse a class with parameters that are no fields: laws would be equal that are not.

        Raises:
            InputError: it has an ``__init__`` of its own.
        """
        super().__init_subclass__()
        own = vars(cls)
        if "__init__" in own and "__dataclass_params__" not in own:  # a copy with slots has both
            raise InputError(
                f"{cls.__name__} has an __init__ of its own, whose parameters are not known: make "
                "it a frozen dataclass with a field for each, and check them in __post_init__."
            )

    @final
    def sample(self, n: int, size: int, seed: int, *, start: int = 0) -> Image:
        """Draw fields start, ..., start + n - 1 of the stream `seed`.

        Args:
            n: number of fields, at least 1.
            size: L, the side in pixels.
            seed: any non-negative integer.
            start: index of the first field, so that a large set can be drawn in pieces.

        Returns:
            (n, 1, L, L), float32, on the CPU. Field i is the same in whatever call it is drawn.
            An `EnsembleWarning` says where fields of that side are not those of the formula.

        Raises:
            InputError: an impossible count, size, seed or start.
        """
        self.check(n, size, seed, start=start)
        for text in self.doubts(size):
            warnings.warn(text, EnsembleWarning, stacklevel=2)
        try:
            x = torch.empty(n, 1, size, size)
        except RuntimeError as error:
            raise InputError(
                f"n={n} and side {size} does not fit into the memory, it takes "
                f"{4 * n * size**2 / 1e9:.3g} GB: draw smaller ones, or draw them in pieces."
            ) from error
        chunk = self.chunk_length(size)
        for first in range(0, n, chunk):
            indices = range(start + first, start + min(first + chunk, n))
            with self._within_range():
                x[first : first + chunk, 0] = self._sample(size, seed, indices)
        return x

    @final
    def check(self, n: int, size: int, seed: int, *, start: int = 0) -> None:
        """Raise InputError where `sample` would, before anything is drawn."""
        check_count("n", n, least=1)
        check_count("seed", seed)
        check_count("start", start)
        self._check_size(size)

    @final
    def doubts(self, size: int) -> list[str]:
        """Return what `sample` warns of: in what fields of that side are not those of the formula.

        Raises:
            InputError: an impossible size.
        """
        self._check_size(size)
        with self._within_range():
            return self._doubts(size)

    @final
    def power(self, size: int) -> Tensor:
        """Return P(k) = E |X(k)|^2, (L, L) float64 in the order of `torch.fft.fftfreq`.

        Raises:
            InputError: an impossible size, or no formula is known.
        """
        self._check_size(size)
        with self._within_range():
            return self._power(size)

    @final
    def energy(self, x: Tensor) -> PerSample:
        """Return U(x) = -log p(x) up to a constant, with the dtype and device of x.

        Half precision is computed in float32.

        Raises:
            InputError: x is not (batch, 1, L, L) floating point, or no formula is known. What is
                not finite has an energy that is not: samplers that overflow reject such steps.
        """
        self._check_field(x)
        return exactly(self._energy, x)

    @final
    def force(self, x: Tensor) -> Image:
        """Return +grad U(x), the gradient of the energy itself: the score is its negative."""
        self._check_field(x)
        return exactly(self._force, x)

    @final
    def hessian_vec(self, x: Tensor, v: Tensor) -> Image:
        """Return the Hessian of U at x times v, one product for each field of the batch."""
        self._check_field(x)
        self._check_field(v)
        if x.shape != v.shape:
            raise InputError(f"x has the shape {tuple(x.shape)}, v {tuple(v.shape)}: expected one.")
        return exactly(self._hessian_vec, x, v)

    @final
    def score(self, x: Tensor) -> Image:
        """Return grad log p(x) = -force(x)."""
        return -self.force(x)

    def chains(self, numbers: range) -> np.ndarray:
        """Return the number of the Markov chain that draws each field, (n,) int64.

        Fields of one chain are correlated a little, and `analysis.field_statistics.by_chain` turns
        chains into errors that know it. Independent fields have one each: their own numbers.
        """
        return np.asarray(numbers, np.int64)

    @property
    def params(self) -> dict[str, Any]:
        """The parameters by name; numbers, strings or None."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def describe(self) -> str:
        """Return name, formula, parameters and source in one line."""
        values = ", ".join(f"{name}={value}" for name, value in self.params.items())
        source = f" [{self.reference}]" if self.reference else ""
        return f"{self.name}: {self.formula}; {values or 'no parameters'}{source}"

    def chunk_length(self, size: int) -> int:
        """Return how many fields of side `size` are drawn at a time."""
        return max(1, CHUNK_PIXELS // size**2)

    @abstractmethod
    def _sample(self, size: int, seed: int, indices: range) -> Tensor:
        """Fields (len(indices), L, L), any floating dtype; field i depends on (seed, i) only."""

    def _check_size(self, size: int) -> None:
        """Raise InputError where the formula has no field of that size."""
        check_size(size)

    def _doubts(self, size: int) -> list[str]:
        """A sentence for each way in which fields of that side are not those of the formula."""
        return []

    def _check_field(self, x: Tensor) -> None:
        check_field(x)
        self._check_size(x.shape[-1])

    def _power(self, size: int) -> Tensor:
        self._unknown("power spectrum")

    def _energy(self, x: Image) -> PerSample:
        self._unknown("energy")

    def _force(self, x: Image) -> Image:
        self._unknown("force")

    def _hessian_vec(self, x: Image, v: Image) -> Image:
        self._unknown("Hessian")

    @contextmanager
    def _within_range(self) -> Yields[None]:
        """Say which parameters it was that left the range of floating-point numbers."""
        try:
            yield
        except OverflowError as error:
            raise InputError(
                f"{self.describe()}: these parameters are beyond floating-point numbers; choose "
                "less extreme ones."
            ) from error

    def _unknown(self, what: str) -> NoReturn:
        raise InputError(
            f"No formula is known for the {what} of the ensemble {self.name!r}: estimate it from "
            "samples, or use a Gaussian ensemble."
        )


@dataclass(frozen=True)
class IndexedEnsemble(Ensemble):
    """An ensemble that draws each field on its own: one generator, one field.

    No operation sees two fields, so that a field is bitwise the same in every batch; transforms of
    several fields at once differ in the last bit, and are no faster, because one field of 128 x 128
    fits the cache of a core. For the same reason a field is drawn by one thread.
    """

    @abstractmethod
    def _draw(self, size: int, rng: Generator) -> Tensor:
        """One field (L, L), float64."""

    @final
    def _sample(self, size: int, seed: int, indices: range) -> Tensor:
        with one_thread():
            return torch.stack([self._draw(size, generator(seed, index)) for index in indices])
