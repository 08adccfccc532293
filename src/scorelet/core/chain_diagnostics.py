"""How well Markov chains have mixed: autocorrelation time, effective sample size, R-hat.

Symbols: x_{c,t} number of chain c = 1 ... C and draw t = 1 ... T; ρ_t autocorrelation at lag t;
W mean variance within chains, V = (T - 1)/T W + B/T with B/T the variance of chain means;

    τ = 1 + 2 sum_t ρ_t,      effective sample size = C T / τ,      R-hat = sqrt(V / W)

τ = 1 for independent draws and (1 + r)/(1 - r) for an AR(1) chain of coefficient r. Sums stop with
Geyer's initial sequence: pairs ρ_{2t} + ρ_{2t+1} are kept while positive, and made decreasing.

References: Geyer 1992, section 3.3; Gelman, Rubin 1992; Vehtari, Gelman, Simpson, Carpenter,
Bürkner 2021, arXiv 1903.08008, whose definitions arviz and Stan use, too.
"""

from dataclasses import dataclass

import numpy as np
import torch

from scorelet.core.errors import InputError

Draws = np.ndarray
_FEWEST = 4


@dataclass(frozen=True)
class ChainDiagnostics:
    """What a run of several chains is worth, for one observable.

    Attributes:
        autocorrelation_time: τ, in draws.
        effective_samples: C T / τ.
        r_hat: rank-normalised and split; above 1.01 the chains have not forgotten their start.
        acceptance: mean acceptance, if given.
        samples_per_second: effective samples per second, if the time is given.
    """

    autocorrelation_time: float
    effective_samples: float
    r_hat: float
    acceptance: float | None = None
    samples_per_second: float | None = None


def diagnose_chains(
    draws: Draws, *, acceptance: float | None = None, seconds: float | None = None
) -> ChainDiagnostics:
    """Return all diagnostics of one observable.

    Args:
        draws: x, (chains, draws), after burn-in.
        acceptance: share of accepted proposals, passed on.
        seconds: time that the draws took.

    Raises:
        InputError: as `autocorrelation_time`.
    """
    size, count = effective_sample_size(draws), _checked(draws).size
    if seconds is not None and not seconds > 0:
        raise InputError(f"The draws took {seconds} seconds: expected a positive time.")
    return ChainDiagnostics(
        autocorrelation_time=count / size,
        effective_samples=size,
        r_hat=r_hat(draws),
        acceptance=acceptance,
        samples_per_second=size / seconds if seconds else None,
    )


def autocorrelation_time(draws: Draws) -> float:
    """Return τ = C T / effective sample size, in draws; chains that disagree make it longer.

    Args:
        draws: x, (chains, draws).

    Raises:
        InputError: another shape, fewer than 4 draws, not finite, or constant.
    """
    return _checked(draws).size / effective_sample_size(draws)


def effective_sample_size(draws: Draws) -> float:
    """Return how many independent draws estimate the mean of x as well.

    Each chain counts as two halves, so that a drift shows. Arguments and errors as in
    `autocorrelation_time`.
    """
    halves = _halves(_checked(draws))
    chains, length = halves.shape
    covariance = _autocovariance(halves).mean(0)
    within = covariance[0] * length / (length - 1)
    correlation = 1 - (within - covariance) / _total_variance(halves, within)
    correlation[0] = 1
    tau = _initial_sequence(correlation)
    samples = chains * length
    return float(samples / max(tau, 1 / np.log10(samples)))  # antithetic chains: a bound as in Stan


def r_hat(draws: Draws) -> float:
    """Return R-hat of ranks, the larger of that of x and that of |x - median| (for scales).

    Ranks become normal scores, so that it holds for heavy tails, too; chains are split in two.
    Arguments and errors as in `autocorrelation_time`.
    """
    halves = _halves(_checked(draws))
    folded = np.abs(halves - np.median(halves))
    return max(_plain_r_hat(_normal_scores(values)) for values in (halves, folded))


def autocorrelation(draws: Draws) -> np.ndarray:
    """Return ρ_t for t = 0 ... T - 1, averaged over chains, each about its own mean, (draws,).

    Arguments and errors as in `autocorrelation_time`.
    """
    covariance = _autocovariance(_checked(draws)).mean(0)
    return covariance / covariance[0]


def _checked(draws: Draws) -> np.ndarray:
    try:
        values = np.asarray(draws).astype(np.float64, casting="same_kind")
    except (TypeError, ValueError):
        raise InputError("Draws must be an array of real numbers, (chains, draws).") from None
    if values.ndim != 2 or values.shape[0] < 1 or values.shape[1] < _FEWEST:
        raise InputError(
            f"Draws must be (chains, draws) with at least {_FEWEST} draws, "
            f"got shape {values.shape}."
        )
    if not np.isfinite(values).all():
        raise InputError("Some draws are not finite: the chain has diverged.")
    if (values == values[0, 0]).all():
        raise InputError("All draws are equal: the chain does not move, or the number is constant.")
    return values


def _halves(draws: np.ndarray) -> np.ndarray:
    """Split each chain in two; the middle draw of an odd number is left out."""
    half = draws.shape[1] // 2
    return np.concatenate([draws[:, :half], draws[:, -half:]])


def _autocovariance(draws: np.ndarray) -> np.ndarray:
    """sum_t (x_t - mean)(x_{t+k} - mean) / T for every lag k, by a padded Fourier transform."""
    length = draws.shape[1]
    centred = draws - draws.mean(1, keepdims=True)
    power = np.abs(np.fft.rfft(centred, 2 * length)) ** 2
    return np.fft.irfft(power, 2 * length)[:, :length] / length


def _total_variance(draws: np.ndarray, within: float) -> float:
    """V, from the mean variance within chains."""
    chains, length = draws.shape
    between = draws.mean(1).var(ddof=1) if chains > 1 else 0.0
    return within * (length - 1) / length + between


def _initial_sequence(correlation: np.ndarray) -> float:
    """τ from the longest start of ρ whose pairs are positive, each at most the one before."""
    last = (len(correlation) - 3) // 2
    pairs = correlation[: 2 * last + 2].reshape(-1, 2).sum(1)
    count = int(np.append(pairs[:last] <= 0, True).argmax())
    tau = 2 * float(np.minimum.accumulate(pairs[:count]).sum()) - 1
    return tau + max(0.0, float(correlation[2 * count]))  # half of what would come next


def _plain_r_hat(draws: np.ndarray) -> float:
    within = draws.var(1, ddof=1).mean()
    return float(np.sqrt(_total_variance(draws, within) / within))


def _normal_scores(values: np.ndarray) -> np.ndarray:
    """Replace numbers by the normal quantiles of their ranks; equal ones share the mean rank."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks = (counts.cumsum() - (counts - 1) / 2)[place.reshape(values.shape)]
    share = torch.from_numpy((ranks - 3 / 8) / (values.size + 1 / 4))
    return torch.special.ndtri(share).numpy()
