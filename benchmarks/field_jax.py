"""The conditional energy of a band in JAX, and its chains by blackjax: the peer.

Written from the formulas as a user of blackjax would, in float32; of scorelet only the parameters
are taken. Wavelet synthesis is two products with the matrices of the filters, splines are exact
piecewise cubics, couplings are written in three ways. Gradients are JAX's.
"""

import os

os.environ["XLA_FLAGS"] = (
    "--xla_cpu_multi_thread_eigen=false " + os.environ.get("XLA_FLAGS", "")
).strip()

import time
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pywt
from blackjax.mcmc import hmc, mala, nuts

from scorelet.models.field_energy import ConditionalEnergy, SplinePotential

Value = Callable[[jax.Array], jax.Array]
Draws = tuple[np.ndarray, np.ndarray, float]
"""Energies and first details, (chain, step), and the mean acceptance."""

TARGET, RATE, TUNING = 0.8, 0.3, 40  # of acceptance, as `scorelet.sampling.tune_epsilon`
WAYS = "rolls", "convolution", "fft"


def synthesis(wavelet: str, side: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the matrices (side, side / 2) of the low and of the high filter, periodic."""
    eye, zero = np.eye(side // 2), np.zeros((side // 2, side // 2))
    parts = [
        pywt.idwt(*pair, wavelet, mode="periodization", axis=0)
        for pair in ((eye, zero), (zero, eye))
    ]
    return parts[0].astype(np.float32), parts[1].astype(np.float32)


def spline(knots: np.ndarray, weights: np.ndarray) -> Value:
    """Return v with v'' linear between knots and constant outside; v = v' = 0 at the middle."""
    h, middle = np.diff(knots), len(knots) // 2
    third = np.diff(weights) / h
    first = np.cumsum(np.r_[0, h * (weights[1:] + weights[:-1]) / 2])
    first -= first[middle]
    value = np.cumsum(np.r_[0, h * first[:-1] + h**2 * (weights[:-1] / 2 + h * third / 6)])
    value -= value[middle]
    rows = [np.r_[row[0], row] for row in (value, first, weights / 2)]
    pieces = jnp.asarray(np.stack([*rows, np.r_[0, third, 0] / 6]), jnp.float32)
    starts = jnp.asarray(np.r_[knots[0], knots], jnp.float32)
    edges = starts[1:]

    def potential(t: jax.Array) -> jax.Array:
        piece = jnp.searchsorted(edges, t, method="compare_all")
        u, (a, b, c, d) = t - starts[piece], pieces[:, piece]
        return a + u * (b + u * (c + u * d))

    return potential


def quadratic(way: str, shifts: list[tuple[int, int]], strengths: np.ndarray, side: int) -> Value:
    """Return x^T K x / 2 of fields (side, side): by "rolls", a "convolution", or "fft"."""
    if way == "rolls":
        terms = [(s, float(k)) for s, k in zip(shifts, strengths, strict=True)]  # none is (0, 0)
        return lambda x: jnp.sum(x * sum(k * jnp.roll(x, s, (0, 1)) for s, k in terms))
    reach = max(abs(a) for shift in shifts for a in shift)
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1), np.float32)
    for (a, b), k in zip(shifts, strengths, strict=True):
        kernel[reach + a, reach + b] = kernel[reach - a, reach - b] = k
    return (_by_convolution if way == "convolution" else _by_fft)(kernel, reach, side)


def _by_convolution(kernel: np.ndarray, reach: int, side: int) -> Value:
    taps = jnp.asarray(kernel[None, None])

    def value(x: jax.Array) -> jax.Array:
        around = jnp.pad(x, reach, mode="wrap")[None, None]
        return jnp.sum(x * jax.lax.conv(around, taps, (1, 1), "VALID")[0, 0]) / 2

    return value


def _by_fft(kernel: np.ndarray, reach: int, side: int) -> Value:
    """By Parseval's formula: one transform for the value, one for the gradient."""
    whole = np.zeros((side, side))
    whole[: 2 * reach + 1, : 2 * reach + 1] = kernel
    symbol = np.fft.rfft2(np.roll(whole, (-reach, -reach), (0, 1))).real
    symbol[:, 1 : side // 2] *= 2  # for the columns that rfft2 leaves out
    gain = jnp.asarray(symbol / (2 * side**2), jnp.float32)

    def value(x: jax.Array) -> jax.Array:
        waves = jnp.fft.rfft2(x)
        return jnp.sum(gain * (waves.real**2 + waves.imag**2))

    return value


def energy_of(factor: ConditionalEnergy, side: int, way: str = "fft") -> Callable[..., jax.Array]:
    """Return E(d, coarse) of details (3, side / 2, side / 2) and a coarse field (side, side)."""
    energy = factor.field
    assert isinstance(energy.potential, SplinePotential)
    numbers = [t.double().numpy() for t in (energy.potential.knots, energy.potential.weights)]
    potential = spline(*numbers)
    shifts, strengths = list(energy.couplings.shifts), energy.couplings.strengths.numpy()
    coupled = quadratic(way, shifts, strengths, side)
    low, high = (jnp.asarray(m) for m in synthesis(factor.band.wavelet, side))

    def value(d: jax.Array, coarse: jax.Array) -> jax.Array:
        x = coarse + high @ d[0] @ low.T + low @ d[1] @ high.T + high @ d[2] @ high.T
        return coupled(x) + jnp.sum(potential(x))

    return value


def pair_of(
    factor: ConditionalEnergy, way: str, given: tuple[np.ndarray, np.ndarray]
) -> Callable[[], tuple[jax.Array, jax.Array]]:
    """Return a call, compiled, that computes E and its gradient for all chains."""
    d, coarse = (jnp.asarray(x, jnp.float32) for x in given)
    energy = energy_of(factor, coarse.shape[-1], way)
    compiled = jax.jit(jax.vmap(jax.value_and_grad(energy))).lower(d, coarse).compile()
    return lambda: jax.block_until_ready(compiled(d, coarse))


class Chains:
    """Chains of blackjax: compiled once, all chains by vmap, all steps of a turn by scan.

    Args:
        kind: "mala", "hmc" or "nuts".
        energy: E(d, coarse).
        d, coarse: of each chain.
        epsilon: the step; of hmc and nuts where its tuning begins.
        leapfrogs: of hmc.
        steps: of a turn.
    """

    def __init__(
        self,
        kind: str,
        energy: Callable[..., jax.Array],
        given: tuple[np.ndarray, np.ndarray],
        *,
        epsilon: float,
        leapfrogs: int,
        steps: int,
    ) -> None:
        d, self._coarse = (jnp.asarray(x, jnp.float32) for x in given)
        self._key, self.epsilon = jax.random.key(7), jnp.float32(epsilon)
        self.forces = 1.0  # of a step; known after a turn
        self._step = _kernel(kind, d[0].size, leapfrogs)
        self._energy = energy
        begin = {"mala": mala, "hmc": hmc, "nuts": nuts}[kind].init
        self._states = jax.vmap(lambda d, c: begin(d, lambda u: -energy(u, c)))(d, self._coarse)
        if kind != "mala":
            self._run(self._compiled(TUNING), TUNING, RATE)
        start = time.process_time()
        self._turn, self._steps = self._compiled(steps), steps
        self.compile_seconds = time.process_time() - start

    def advance(self) -> Draws:
        """Go on by the steps of a turn."""
        return self._run(self._turn, self._steps, 0.0)

    def _run(self, compiled: Callable[..., Any], steps: int, rate: float) -> Draws:
        self._key, key = jax.random.split(self._key)
        keys = jax.random.split(key, (steps, len(self._coarse)))
        carry, kept = compiled((self._states, self.epsilon), keys, self._coarse, jnp.float32(rate))
        self._states, self.epsilon = jax.block_until_ready(carry)
        energy, detail, acceptance, forces = (np.asarray(x) for x in kept)
        self.forces = float(forces.mean())
        return energy.T, detail.T, float(acceptance.mean())

    def _compiled(self, steps: int) -> Callable[..., Any]:
        keys = jax.random.split(self._key, (steps, len(self._coarse)))
        arguments = (self._states, self.epsilon), keys, self._coarse, jnp.float32(0)
        return jax.jit(self._scan).lower(*arguments).compile()

    def _scan(self, carry: Any, keys: jax.Array, coarse: jax.Array, rate: jax.Array) -> Any:  # noqa: ANN401
        def body(carry: Any, keys: jax.Array) -> Any:  # noqa: ANN401
            states, epsilon = carry
            states, info = jax.vmap(
                lambda key, state, c: self._step(key, state, lambda u: -self._energy(u, c), epsilon)
            )(keys, states, coarse)
            acceptance = info.acceptance_rate.mean()
            forces = getattr(info, "num_integration_steps", jnp.ones(1)).mean()
            kept = -states.logdensity, states.position[:, 0, 0, 0], acceptance, forces
            return (states, epsilon * jnp.exp(rate * (acceptance - TARGET))), kept

        return jax.lax.scan(body, carry, keys)


def _kernel(kind: str, size: int, leapfrogs: int) -> Callable[..., Any]:
    mass = jnp.ones(size)
    if kind == "mala":
        return mala.build_kernel()
    if kind == "hmc":
        kernel = hmc.build_kernel()
        return lambda *words: kernel(*words, mass, leapfrogs)
    kernel = nuts.build_kernel()
    return lambda *words: kernel(*words, mass)
