"""One denoising method in one process: run as a child, so that its memory is its own.

    python benchmarks/denoise_peers.py METHOD NOISY.npz CLEAN.npz

NOISY.npz holds sigma (in the unit of [0, 1] pixels) and the pictures, float32 (height, width, 1 or
3), neither clipped nor rounded. The estimates go to CLEAN.npz, what was measured to stdout.
"""

import json
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from measure import Pixels, forget_peak, peak_mb, resident_mb

CROP = 64
"""Side of the picture on which a method is called first: imports and set-up are not timed."""
ENOUGH, MOST = 1.0, 5
"""A picture is denoised again until so many seconds are spent, at most so many times."""


def noisy_itself(noisy: Pixels, sigma: float) -> Pixels:
    """Nothing is done; clipped, as all estimates are, when compared."""
    return noisy


def scorelet_photo(noisy: Pixels, sigma: float) -> Pixels:
    """Sigma not given (blind); with the noise report."""
    from scorelet.tasks.denoise import denoise

    return denoise(noisy, model="photo", device="cpu").image


def skimage_nl_means(noisy: Pixels, sigma: float, *, h: float, patch: int, distance: int) -> Pixels:
    """Fast mode, sigma given; h in units of sigma."""
    from skimage.restoration import denoise_nl_means

    estimate = denoise_nl_means(
        noisy, patch, distance, h * sigma, fast_mode=True, sigma=sigma, channel_axis=-1
    )
    return estimate.reshape(noisy.shape)


def skimage_wavelet(noisy: Pixels, sigma: float, *, wavelet: str, method: str) -> Pixels:
    """Sigma given, rescale_sigma, soft thresholds; colour in YCbCr."""
    from skimage.restoration import denoise_wavelet

    image, axis = (noisy, -1) if noisy.shape[2] == 3 else (noisy[..., 0], None)
    estimate = denoise_wavelet(
        image,
        sigma,
        wavelet=wavelet,
        method=method,
        convert2ycbcr=axis is not None,
        rescale_sigma=True,
        channel_axis=axis,
    )
    return estimate.reshape(noisy.shape)


def bm3d(noisy: Pixels, sigma: float, *, profile: str) -> Pixels:
    """Sigma given; colour by bm3d_rgb."""
    import bm3d as package

    if noisy.shape[2] == 3:
        return package.bm3d_rgb(noisy, sigma, profile=profile)
    return package.bm3d(noisy[..., 0], sigma, profile=profile).reshape(noisy.shape)


def opencv_nl_means(noisy: Pixels, sigma: float, *, h: float, template: int, search: int) -> Pixels:
    """fastNlMeansDenoising of the input clipped and rounded to 8 bits; h in units of sigma.

    Each channel by itself: fastNlMeansDenoisingColored came out 0.3 to 0.9 dB lower.
    """
    import cv2

    coarse = (noisy.clip(0, 1) * 255).round().astype(np.uint8)
    channels = [
        cv2.fastNlMeansDenoising(
            np.ascontiguousarray(coarse[..., k]), None, h * 255 * sigma, template, search
        )
        for k in range(noisy.shape[2])
    ]
    return np.stack(channels, axis=-1).astype(np.float32) / 255


METHODS: dict[str, Callable[..., Pixels]] = {
    "noisy picture": noisy_itself,
    "scorelet photo": scorelet_photo,
    "BM3D": bm3d,
    "scikit-image NL means": skimage_nl_means,
    "scikit-image wavelet": skimage_wavelet,
    "OpenCV NL means": opencv_nl_means,
}


def parameters(name: str, channels: int, level: float) -> dict[str, Any]:
    """Return the arguments of a method, as a user would set them who has tried a few.

    They are within 0.15 dB of the best in the grids of `denoise_tune.py`, on other pictures than
    those that are compared.

    Args:
        name: of a method.
        channels: 1 or 3.
        level: standard deviation of the noise in 8-bit units.
    """
    if name == "BM3D":
        return {"profile": "np"}
    if name == "scikit-image wavelet":
        return {"wavelet": "db2", "method": "BayesShrink"}
    if name == "scikit-image NL means":
        if channels == 1:
            return {"h": 0.6, "patch": 5, "distance": 6}
        return {"h": 0.5, "patch": 5 if level >= 40 else 3, "distance": 6}
    if name == "OpenCV NL means":
        h = np.interp(level, (15, 25, 50, 75), (0.9, 0.85, 0.77, 0.7))
        return {"h": round(float(h), 3), "template": 7, "search": 21}
    return {}


def main() -> None:
    """Denoise the pictures of a file; print one JSON document."""
    name, source, target = sys.argv[1:]
    method = METHODS[name]
    with np.load(source) as stored:
        sigma = float(stored["sigma"])
        pictures = [stored[key] for key in stored.files if key != "sigma"]
    chosen = parameters(name, pictures[0].shape[2], 255 * sigma)

    def call(noisy: Pixels, sigma: float) -> Pixels:
        return method(noisy, sigma, **chosen)

    try:
        call(np.ascontiguousarray(pictures[0][:CROP, :CROP]), sigma)
    except (ImportError, AttributeError) as error:
        print(json.dumps({"missing": f"not installed ({error})"}))
        return
    held = resident_mb()
    forget_peak()
    results = [_timed(call, noisy, sigma) for noisy in pictures]
    report = {
        "seconds": [seconds for _, seconds, _ in results],
        "cpu_seconds": [spent for _, _, spent in results],
        "held_mb": held,
        "peak_mb": peak_mb(),
    }
    np.savez(target, *[estimate for estimate, _, _ in results])
    print(json.dumps(report))


def _timed(
    method: Callable[[Pixels, float], Pixels], noisy: Pixels, sigma: float
) -> tuple[Pixels, float, float]:
    """Return the estimate, the median of the seconds, and the processor seconds of one call."""
    walls: list[float] = []
    processor = time.process_time()
    while True:
        start = time.perf_counter()
        estimate = method(noisy, sigma)
        walls.append(time.perf_counter() - start)
        if sum(walls) > ENOUGH or len(walls) == MOST:
            spent = (time.process_time() - processor) / len(walls)
            return estimate, float(np.median(walls)), spent


if __name__ == "__main__":
    main()
