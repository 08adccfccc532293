"""Speed of the model `photo` beside a network of the usual kind, and how far both are from peak.

BF-CNN has 20 convolutions of 64 channels at full resolution, with random weights: its speed does
not depend on them, as long as no activation is denormal. It is run as its authors' code runs it,
with its normalisations as layers, and once more with their scales folded into the convolutions as
`scorelet` does for whatever it runs. All are channels-last and run by `denoise_array` on uint8
pixels in the same process, in turns. Symbols: MAC, one multiplication with its addition.
"""

from collections.abc import Callable
from functools import partial

import torch
from measure import Pixels, Row, alternate, picture, quartiles
from torch import nn

from scorelet.core.device import choose_device, inference_dtype
from scorelet.models import Denoiser, ResidualDenoiser
from scorelet.networks import BFCNN, BiasFreeBatchNorm
from scorelet.tasks.denoise import denoise
from scorelet.tasks.inference import denoise_array, prepare
from scorelet.zoo import load

DTYPES = ("float32", "bfloat16")
PHOTO, REPORT = "photo", "photo with noise report"
PEER, FOLDED = "BF-CNN 20x64", "BF-CNN 20x64, folded"
NETWORKS = (PHOTO, PEER, FOLDED)
DEPTH = 20
Key = tuple[str, str]
"""Network and dtype."""


def measure_speed(*, quick: bool, full: bool) -> dict[str, list[Row]]:
    """Return rows of speed, ratios and matrix peaks.

    Args:
        quick: tiny pictures, to see that the program works.
        full: also send BF-CNN over the whole large picture, once.
    """
    peaks = measure_peaks(size=256 if quick else 2048)
    side, rounds = (96, 2) if quick else (512, 15)
    rows, ratios = [], []
    better: dict[str, str] = {}
    for channels in (1, 3):
        pixels = picture(side, side, channels)
        seconds = _time_small(pixels, rounds)
        better = {name: _faster_dtype(name, seconds) for name in NETWORKS}
        rows += [_row(pixels, key, times, peaks, better) for key, times in seconds.items()]
        ratios += [_ratio(pixels, pixels, seconds, better, peer) for peer in NETWORKS[1:]]
    # what is faster for the colour picture, the last, is taken for the large one
    large = _measure_large(better, peaks, quick=quick, full=full)
    return {
        "rows": rows + large["rows"],
        "ratios": ratios + large["ratios"],
        "peaks": [{"dtype": d, "size": s, "gmac_per_s": v / 1e9} for d, (s, v) in peaks.items()],
    }


def measure_peaks(*, size: int, rounds: int = 8) -> dict[str, tuple[int, float]]:
    """Return dtype → (side, MAC per second) of the fastest product of two square matrices."""
    factors = {d: torch.randn(size, size).to(getattr(torch, d)) for d in DTYPES}
    with torch.inference_mode():
        seconds = alternate(
            {d: partial(torch.matmul, m, m) for d, m in factors.items()}, rounds=rounds
        )
    return {d: (size, size**3 / min(times)) for d, times in seconds.items()}


def macs_per_pixel(denoiser: Denoiser, channels: int, *, side: int = 64) -> float:
    """Count the multiplications of all convolutions for one picture, divided by its pixels."""
    counts: list[int] = []

    def count(module: nn.Module, inputs: tuple[torch.Tensor], output: torch.Tensor) -> None:
        places = inputs[0] if isinstance(module, nn.ConvTranspose2d) else output
        counts.append(module.weight.numel() * places.shape[-2] * places.shape[-1])

    kinds = (nn.Conv2d, nn.ConvTranspose2d)
    hooks = [m.register_forward_hook(count) for m in denoiser.modules() if isinstance(m, kinds)]
    with torch.inference_mode():
        denoiser(torch.zeros(1, channels, side, side))
    for hook in hooks:
        hook.remove()
    return sum(counts) / side**2


def bf_cnn(channels: int) -> Denoiser:
    """Return BF-CNN with random weights and gains of one.

    The gains that training starts from are so small that twenty layers of them end in denormal
    numbers, with which processors are slow.
    """
    network = BFCNN(channels, depth=DEPTH)
    for module in network.modules():
        if isinstance(module, BiasFreeBatchNorm):
            nn.init.ones_(module.gain)
    return ResidualDenoiser(network, channels=(channels,))


def _denoiser(name: str, channels: int) -> Denoiser:
    return load("photo") if name in (PHOTO, REPORT) else bf_cnn(channels)


def _prepared(key: Key, channels: int) -> Denoiser:
    name, dtype = key[0], getattr(torch, key[1])
    denoiser = _denoiser(name, channels)
    if name != PEER:
        return prepare(denoiser, device="cpu", dtype=dtype)
    assert isinstance(denoiser, ResidualDenoiser)
    network = denoiser.network.eval().to(dtype=dtype)
    network = network.to(memory_format=torch.channels_last)  # ty: ignore[no-matching-overload]
    return ResidualDenoiser(network, channels=(channels,), compute_dtype=dtype).eval()


def _pass(key: Key, pixels: Pixels) -> Callable[[], object]:
    return partial(denoise_array, _prepared(key, pixels.shape[2]), pixels)


def _time_small(pixels: Pixels, rounds: int) -> dict[Key, list[float]]:
    keys = {f"{name} {dtype}": (name, dtype) for dtype in DTYPES for name in NETWORKS}
    calls = {text: _pass(key, pixels) for text, key in keys.items()}
    seconds = alternate(calls, rounds=rounds, warm_up=2)
    return {key: seconds[text] for text, key in keys.items()}


def _measure_large(
    better: dict[str, str], peaks: dict[str, tuple[int, float]], *, quick: bool, full: bool
) -> dict[str, list[Row]]:
    """Measure 12 million pixels in the dtypes found better; BF-CNN on a corner, in turns."""
    pixels = picture(*((120, 160) if quick else (3000, 4000)), 3)
    corner = pixels[:64, :80] if quick else pixels[:1536, :2048]
    photo = PHOTO, better[PHOTO]
    peer, folded = (PEER, better[PEER]), (FOLDED, better[FOLDED])
    report = (REPORT, str(inference_dtype(choose_device("cpu"))).removeprefix("torch."))
    calls = {
        PHOTO: _pass(photo, pixels),
        PEER: _pass(peer, corner),
        FOLDED: _pass(folded, corner),
        REPORT: partial(denoise, pixels, device="cpu"),
    }
    seconds = alternate(calls, rounds=1 if quick else 3)
    times = {photo: seconds[PHOTO], report: seconds[REPORT]}
    times |= {peer: seconds[PEER], folded: seconds[FOLDED]}
    shown = {photo: pixels, peer: corner, folded: corner, report: pixels}
    chosen = better | {REPORT: report[1]}
    rows = [_row(shown[key], key, times[key], peaks, chosen) for key in times]
    ratios = [_ratio(pixels, corner, times, better, name) for name in (PEER, FOLDED)]
    if full:
        once = {peer: alternate({PEER: _pass(peer, pixels)}, rounds=1, warm_up=0)[PEER]}
        rows.append(_row(pixels, peer, once[peer], peaks, chosen))
        ours = {photo: [_median(times[photo])]}
        ratios.append(_ratio(pixels, pixels, ours | once, better, PEER))
    return {"rows": rows, "ratios": ratios}


def _row(
    pixels: Pixels,
    key: Key,
    seconds: list[float],
    peaks: dict[str, tuple[int, float]],
    better: dict[str, str],
) -> Row:
    """Return speed in Mpixel/s, operations, and the share of the matrix peak of that dtype.

    Operations are those of one pass without tiles: what their margins cost lowers the share.
    """
    name, dtype = key
    million = _million(pixels)
    time = quartiles(seconds)
    operations = macs_per_pixel(_denoiser(name, pixels.shape[2]), pixels.shape[2])
    return {
        "picture": _shape(pixels),
        "network": name,
        "dtype": dtype,
        "better_dtype": better[name] == dtype,
        "mpixel_per_s": million / time.median,
        "mpixel_per_s_low": million / time.high,
        "mpixel_per_s_high": million / time.low,
        "seconds": time.median,
        "repetitions": time.count,
        "mac_per_pixel": operations,
        "share_of_peak": operations * million * 1e6 / time.median / peaks[dtype][1],
    }


def _ratio(
    pixels: Pixels,
    peer_pixels: Pixels,
    seconds: dict[Key, list[float]],
    better: dict[str, str],
    peer: str,
) -> Row:
    """Return how many times as many pixels a second `photo` does, round by round."""
    ours, theirs = seconds[PHOTO, better[PHOTO]], seconds[peer, better[peer]]
    scale = _million(pixels) / _million(peer_pixels)
    found = quartiles([scale * b / a for a, b in zip(ours, theirs, strict=True)])
    return {
        "picture": _shape(pixels),
        "photo_dtype": better[PHOTO],
        "peer": peer,
        "peer_dtype": better[peer],
        "peer_measured_on": _shape(peer_pixels),
        "times_as_fast": found.median,
        "times_as_fast_low": found.low,
        "times_as_fast_high": found.high,
        "repetitions": found.count,
    }


def _faster_dtype(name: str, seconds: dict[Key, list[float]]) -> str:
    return min(DTYPES, key=lambda dtype: _median(seconds[name, dtype]))


def _median(seconds: list[float]) -> float:
    return quartiles(seconds).median


def _million(pixels: Pixels) -> float:
    return pixels.shape[0] * pixels.shape[1] / 1e6


def _shape(pixels: Pixels) -> str:
    height, width, channels = pixels.shape
    return f"{width}x{height} {'gray' if channels == 1 else 'colour'}"
