"""How the chains of samples go: their traces, and what they are worth.

Symbols: E energy of a chain, given its coarse field; d its first detail; T steps of a chain, of
which the second half counts. Each chain has a law of its own, that of its coarse field, so they are
not compared with each other: R-hat compares the two halves of what counts of each chain.
"""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from scorelet.core.chain_diagnostics import effective_sample_size, r_hat
from scorelet.core.errors import InputError
from scorelet.core.words import counted
from scorelet.sampling import LangevinInfo, LangevinState, OnStep, Run

CHAINS = 16
DRAWN = 5
_FEWEST = 16  # steps that count, below which nothing is said
_STILL = 0.05  # acceptance, below which a chain is said to stand still
_UNSETTLED = 1.2  # R-hat, above which chains are said not to have settled


class ChainWatch:
    """Keeps the traces of the first chains of a run; it is an `OnStep`.

    Args:
        on_step: is told all steps, too.
    """

    def __init__(self, on_step: OnStep | None = None) -> None:
        self._on_step = on_step
        self._traces: list[list[Tensor]] = []
        self._last = -1
        self._closed = False

    def __call__(self, number: int, step: int, state: LangevinState, info: LangevinInfo) -> None:
        """Take note of a step of band `number`; of the first batch of chains only."""
        if step == 0:
            self._closed = self._closed or number <= self._last
            self._last = number
            if not self._closed:
                self._traces.append([])
        if not self._closed:
            details = state.x[:CHAINS].flatten(1)[:, 0]
            kept = state.energy[:CHAINS], details, info.probability[:CHAINS]
            self._traces[-1].append(torch.stack(kept))
        if self._on_step:
            self._on_step(number, step, state, info)

    def bands(self, run: Run) -> list[dict[str, Any]]:
        """Return what the chains of each band are worth, coarse to fine, as JSON can say it.

        Args:
            run: that was watched.

        Returns: of each band size, epsilon, acceptance, steps; tau_energy and tau_detail,
            autocorrelation times in steps; states, independent ones among all steps; r_hat, median
            over chains; traces of E. None where chains are too short, or do not move.
        """
        found = []
        given = len(run.schedules) - len(self._traces)  # bands below coarse fields had no chains
        bands, schedules = run.model.record["bands"][given:], run.schedules[given:]
        for band, schedule, trace in zip(bands, schedules, self._traces, strict=True):
            energy, detail, probability = torch.stack(trace, 2).numpy()
            steps = energy.shape[1]
            counted = slice(steps // 2, None)
            taus = [autocorrelation_time(draws[:, counted]) for draws in (energy, detail)]
            longest = None if None in taus else max(t for t in taus if t is not None)
            found.append(
                {
                    "size": band["size"],
                    "epsilon": schedule.epsilons[-1],
                    "acceptance": float(probability[:, counted].mean()),
                    "steps": steps,
                    "tau_energy": taus[0],
                    "tau_detail": taus[1],
                    "states": longest and steps / longest,
                    "r_hat": _r_hat(energy[:, counted]),
                    "traces": energy[:DRAWN].tolist(),
                }
            )
        return found


def unsettled(bands: list[dict[str, Any]]) -> list[str]:
    """Return what speaks against chains of bands, a sentence each, from `ChainWatch.bands`.

    They stand still, their halves differ, or they are too short to know.
    """
    moving = [band for band in bands if not _stands(band)]
    unknown = [band for band in moving if band["r_hat"] is None]
    return [*standing(bands), *_differing(moving), *_too_short(unknown)]


def standing(bands: list[dict[str, Any]]) -> list[str]:
    """Return a sentence if chains of bands stand still, from `ChainWatch.bands`."""
    found = [
        f"{100 * band['acceptance']:.0f} % at {_sides(band)}" for band in bands if _stands(band)
    ]
    if not found:
        return []
    return [
        f"Chains stand still: of their steps they take {', '.join(found)} pixels (57 % is best), "
        "so that samples are where chains start, and no draws of the model. Draw fields of the "
        "size of those that were fitted, or fit more of them."
    ]


def _stands(band: dict[str, Any]) -> bool:
    return band["acceptance"] < _STILL


def _differing(bands: list[dict[str, Any]]) -> list[str]:
    found = [
        f"{band['r_hat']:.2f} at {_sides(band)} pixels"
        for band in bands
        if (band["r_hat"] or 0.0) > _UNSETTLED
    ]
    if not found:
        return []
    return [
        f"Chains have not settled: R-hat is {', '.join(found)} (1 is settled, above {_UNSETTLED} "
        "is not), so samples depend on where chains start. Draw with more steps (--steps), and "
        "compare samples with the fields before you use them."
    ]


def _too_short(bands: list[dict[str, Any]]) -> list[str]:
    if not bands:
        return []
    return [
        f"Chains of {counted(bands[0]['steps'], 'step')} are too short to say whether they have "
        f"settled: draw with at least {2 * _FEWEST} (--steps)."
    ]


def _sides(band: dict[str, Any]) -> str:
    return f"{band['size'][0]}x{band['size'][1]}"


def autocorrelation_time(draws: np.ndarray) -> float | None:
    """Return τ in steps of chains (chain, step) that have laws of their own; None if not known."""
    sizes = [_measure(effective_sample_size, one) for one in draws]
    known = [size for size in sizes if size is not None]
    return draws.shape[1] / float(np.mean(known)) if known else None


def _r_hat(draws: np.ndarray) -> float | None:
    values = [_measure(r_hat, one) for one in draws]
    known = [value for value in values if value is not None]
    return float(np.median(known)) if known else None


def _measure(measure: Any, draws: np.ndarray) -> float | None:  # noqa: ANN401 - a diagnostic
    if len(draws) < _FEWEST:
        return None
    try:
        return measure(draws[None])
    except InputError:  # a chain that does not move
        return None
