"""Simpler designs of the scattering kernels, measured: plain loops with rocket-fft, plain torch.

Part `loops`: the forward transform in plain loops of numba, its Fourier transforms by rocket-fft
(pip install rocket-fft), one map after the other, beside the kernels with named vectors. Filters
are multiplied on their support only. The results of both are compared first.

Part `folding`: one band-pass filter with subsampling in torch operations, in three ways: product
and mean over aliases; a small matrix for each frequency, which is what the torch path does; a
sparse matrix of the filters' support.

All is measured in one thread, in seconds of the processor, in turns; so other work on the machine
changes little.
"""

import sys
import time
import warnings
from collections.abc import Callable

import numba
import numpy as np
import torch
from measure import Row, alternate, quartiles
from program import run_parts

from scorelet.wavelets.morlet.bank import MorletBank, morlet_bank
from scorelet.wavelets.morlet.filtering import filtered, folding
from scorelet.wavelets.morlet.grid import Grid, crop_spectrum, grid
from scorelet.wavelets.paths import scattering_paths
from scorelet.wavelets.scattering.transform import Scattering2d

CASES = ((24, 32, 2), (24, 32, 3), (2, 128, 4))
"""Pictures, side, J; L is 8."""
PACKAGES = ("scorelet", "torch", "numpy", "numba", "rocket-fft")
NEGLIGIBLE = 1e-6


def measure_loops(*, quick: bool) -> dict[str, list[Row]]:
    """Return pictures a second of kernels and loops."""
    from scattering_loops import scatter

    torch.set_num_threads(1)
    rows = []
    for count, side, scales in CASES[:1] if quick else CASES:
        x = torch.rand(count, side, side, generator=torch.Generator().manual_seed(0))
        transform = Scattering2d(scales)
        loops = plain_loops(x, scales, scatter)
        expected = transform(x)
        assert float((torch.from_numpy(loops()) - expected).norm() / expected.norm()) < 1e-5
        calls = {"kernels": lambda t=transform, x=x: t(x), "loops with rocket-fft": loops}
        seconds = alternate(calls, rounds=3 if quick else 15, clock=time.process_time)
        for name, times in seconds.items():
            ratios = np.divide(seconds["kernels"], times)
            found = quartiles([count / t for t in times])
            rows.append(
                {
                    "pictures": count,
                    "side": side,
                    "J": scales,
                    "design": name,
                    "pictures_per_second": found.median,
                    "times_the_kernels": float(np.median(ratios)),
                }
            )
    return {"rows": rows}


def plain_loops(x: torch.Tensor, scales: int, scatter: Callable) -> Callable[[], np.ndarray]:
    """Return the transform by loops; what does not depend on the pictures is made here."""
    place = grid((x.shape[1], x.shape[2]), scales, "reflect")
    bank = morlet_bank(place.padded, scales)
    rows, columns = place.pixels()
    filters = numba.typed.List(_filters(bank, scales))
    averages = numba.typed.List(_averages(place, scales))
    paths = len(scattering_paths(scales, 8, 2))

    def call() -> np.ndarray:
        padded = np.ascontiguousarray(x.numpy()[:, rows][:, :, columns])
        out = np.empty((len(padded), paths, *place.output), np.float32)
        scatter(padded, filters, averages, scales, 8, out)
        return out

    return call


def _filters(bank: MorletBank, scales: int) -> list:
    """For j1 ≤ j2 at j1 J + j2, from level j1 (0 before the first): aliases, and their supports."""
    found = []
    for level in range(-1, scales):
        for j in range(scales):
            if j <= level:
                found.append(
                    (np.zeros((1, 1, 1, 1, 1), np.float32), np.zeros((1, 1, 1, 1, 2), int))
                )
                continue
            start = max(level, 0)
            bands = np.stack([crop_spectrum(band, start) for band in bank.bands[j]])
            found.append(_aliases(bands, 2 ** (j - start)))
    return found


def _aliases(bands: np.ndarray, step: int) -> tuple[np.ndarray, np.ndarray]:
    """(angle, u, y, v, x), and the range of x that is not negligible."""
    angles, height, width = bands.shape
    weights = bands.reshape(angles, step, height // step, step, width // step)
    kept = np.abs(weights) > NEGLIGIBLE * np.abs(weights).max()
    first = kept.argmax(-1)
    last = np.where(kept.any(-1), kept.shape[-1] - kept[..., ::-1].argmax(-1), first)
    scaled = weights / (height * width)
    return scaled.astype(np.float32), np.stack([first, last], -1)


def _averages(place: Grid, scales: int) -> list:
    matrices = [place.averages(j) for j in range(scales)]
    return [tuple(np.ascontiguousarray(m, np.float32) for m in pair) for pair in matrices]


def measure_folding(*, quick: bool) -> dict[str, list[Row]]:
    """Return milliseconds of one step of the cascade, 4 pictures of 48 x 48 after padding."""
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")  # sparse matrices are said to be in beta state
    rows = []
    for step, scale in ((2, 1), (4, 2)):
        response = morlet_bank((48, 48), 3).bands[scale]
        spectrum = torch.randn(4, 8, 48, 48, dtype=torch.complex64)
        calls = _ways(spectrum, response, step)
        expected = calls["product and mean"]()
        for call in calls.values():
            assert float((call() - expected).norm() / expected.norm()) < 1e-5
        for name, times in alternate(
            calls, rounds=3 if quick else 30, clock=time.process_time
        ).items():
            found = quartiles([1e3 * t for t in times])
            rows.append({"step": step, "way": name, "milliseconds": found.median})
    return {"rows": rows}


def _ways(spectrum: torch.Tensor, response: np.ndarray, step: int) -> dict[str, Callable]:
    side = spectrum.shape[-1] // step
    full = torch.from_numpy(response).float()
    weights = torch.from_numpy(folding(response, step)).float()
    sparse = _sparse(response, step)

    def product_and_mean() -> torch.Tensor:
        product = spectrum[:, :, None] * full
        parts = product.unflatten(-1, (step, side)).unflatten(-3, (step, side))
        return torch.fft.ifft2(parts.mean((-4, -2)))

    def support() -> torch.Tensor:
        columns = torch.view_as_real(spectrum.flatten(0, 1).flatten(1).T.contiguous()).flatten(1)
        sums = torch.view_as_complex((sparse @ columns).unflatten(1, (-1, 2)))
        folded = sums.T.reshape(4, 8, len(response), side, side)
        return torch.fft.ifft2(folded)

    return {
        "product and mean": product_and_mean,
        "small matrices": lambda: filtered(spectrum, weights),
        "sparse support": support,
    }


def _sparse(response: np.ndarray, step: int) -> torch.Tensor:
    """Filters as one matrix from all frequencies to (angle, frequency of the result)."""
    angles, height, width = response.shape
    m, n = height // step, width // step
    theta, y, x = np.nonzero(np.abs(response) > NEGLIGIBLE * np.abs(response).max())
    index = np.stack([(theta * m + y % m) * n + x % n, y * width + x])
    values = torch.from_numpy(response[theta, y, x] / step**2).float()
    size = (angles * m * n, height * width)
    return torch.sparse_coo_tensor(torch.from_numpy(index), values, size).to_sparse_csr()


if __name__ == "__main__":
    torch.inference_mode().__enter__()
    parts = {"loops": measure_loops, "folding": measure_folding}
    sys.exit(run_parts("scattering_designs", parts, PACKAGES, __doc__ or ""))
