"""How fast chains of the exact action forget: direct ones, and those of the finest details.

Symbols: ε step of a chain; d(t) what it moves; σ^2 variance of d; e-folding time T_e, in steps, and
ε T_e in the time of the Langevin equation. In equilibrium

    E (d(t) - d(0))^2 = 2 σ^2 (1 - ρ(t)),      ρ(T_e) = 1/e

Chains begin at fields of the law, so they are in equilibrium from the start. Direct chains are
shorter than T_e: ρ is continued as an exponential, from lags of a quarter and three quarters of T.
"""

import math

import torch
from torch import Tensor

from scorelet.core.random import Noise
from scorelet.models.field_energy import Band, BandEnergy, ConditionalEnergy, WholeField
from scorelet.recipes.subjects.log_concave.action import exact_action
from scorelet.recipes.subjects.log_concave.settings import Mixing
from scorelet.sampling import Langevin, Phi4, calibrate_band

GROUPS = 4
_PILOTS, _PILOT_STEPS = 32, 150
_COORDINATES = 192
_COLD = 64


def measure_side(settings: Mixing, side: int, seed: int) -> dict[str, int | float | None]:
    """Return steps, e-folding times and errors of both kinds of chains at one side."""
    law = Phi4()
    x = law.sample(settings.chains, side, seed).double()
    square = float(law.sample(1000, side, seed + 1).double().mean((1, 2, 3)).square().mean())
    direct, steps = _path(WholeField(), x, settings.direct, seed)
    time, error = continued(direct.mean(2), square)
    conditional, small = _path(Band("db4"), x, settings.conditional, seed)
    times = [folding(part) for part in conditional.chunk(GROUPS, 1)]
    return {
        "side": side,
        "direct_step": steps,
        "direct_time": time,
        "direct_error": error,
        "conditional_step": small,
        "conditional_time": folding(conditional),
        "conditional_error": _error(times),
    }


def cold_chains(side: int, steps: int, seed: int) -> Tensor:
    """Return fields (64, side, side) of direct chains of the exact action after steps from 0."""
    factor = ConditionalEnergy(exact_action(Phi4()), WholeField())
    x = torch.zeros(_COLD, 1, side, side, dtype=torch.float64)
    noise = Noise(seed, range(_COLD))
    schedule, end = calibrate_band(factor.given(x), x, noise, _PILOT_STEPS)
    kernel = Langevin(factor.given(x), schedule.epsilons[-1])
    state = kernel.init(end)
    for step in range(_PILOT_STEPS, max(steps, _PILOT_STEPS)):
        state, _ = kernel.step(state, noise.at(step))
    return state.x[:, 0]


def folding(path: Tensor) -> float:
    """Return T_e of stationary chains that are many times as long.

    Args:
        path: d, (step, chain, coordinate); σ^2 is from lags of more than half the steps.
    """
    steps = len(path)
    lags = torch.arange(0, steps, max(1, steps // 100))
    gaps = torch.stack([(path[lag:] - path[: steps - lag]).square().mean() for lag in lags])
    far = gaps[len(gaps) // 2 :].mean()
    rho = 1 - gaps / far
    below = int((rho < 1 / math.e).nonzero()[0])
    one, two = float(rho[below - 1]), float(rho[below])
    share = (one - 1 / math.e) / (one - two)
    return float(lags[below - 1]) + share * float(lags[below] - lags[below - 1])


def continued(path: Tensor, square: float) -> tuple[float | None, float | None]:
    """Return T_e of stationary chains that may be shorter, and its standard error.

    Args:
        path: m, (step, chain), of mean 0.
        square: E m^2.

    Returns:
        None where m does not decay beyond chance.
    """
    rates = torch.tensor([_rate(part, square) for part in path.chunk(GROUPS, 1)])
    rate, error = _rate(path, square), float(rates.std() / len(rates) ** 0.5)
    if not rate > 0 or not math.isfinite(error):
        return None, None
    return 1 / rate, error / rate**2


def _rate(path: Tensor, square: float) -> float:
    """Return log(ρ(T / 4) / ρ(3 T / 4)) / (T / 2)."""
    steps = len(path) - 1
    lags = steps // 4, 3 * steps // 4
    gaps = [(path[lag:] - path[: len(path) - lag]).square().mean() for lag in lags]
    one, two = (1 - float(gap) / (2 * square) for gap in gaps)
    return math.log(one / two) / (lags[1] - lags[0]) if one > 0 and two > 0 else math.nan


def _path(band: Band | WholeField, x: Tensor, steps: int, seed: int) -> tuple[Tensor, float]:
    """Return what chains go through, (step, chain, coordinate), from the details of x; their step.

    Of long paths of whole fields the mean alone is kept, as a single coordinate.
    """
    factor = ConditionalEnergy(exact_action(Phi4()), band)
    coarse, d = band.coarse(x), band.analyze(x)
    noise = Noise(seed, range(len(x)))
    pilot = BandEnergy(factor, coarse[:_PILOTS])
    first = Noise(seed + 1, range(len(coarse[:_PILOTS])))
    schedule, _ = calibrate_band(pilot, d[:_PILOTS], first, _PILOT_STEPS, adaptation=_PILOT_STEPS)
    kernel = Langevin(factor.given(coarse), schedule.epsilons[-1])
    state, path = kernel.init(d), [_kept(band, d)]
    for step in range(steps):
        state, _ = kernel.step(state, noise.at(step))
        path.append(_kept(band, state.x))
    return torch.stack(path), kernel.epsilon


def _kept(band: Band | WholeField, d: Tensor) -> Tensor:
    if isinstance(band, WholeField):
        return d.mean((1, 2, 3))[:, None]
    return d.flatten(1)[:, :_COORDINATES].clone()


def _error(values: list[float]) -> float:
    return float(torch.tensor(values, dtype=torch.float64).std() / len(values) ** 0.5)
