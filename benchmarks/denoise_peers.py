"""One denoising method in one process: run as a child, so that its memory is its own.

    python benchmarks/denoise_peers.py METHOD NOISY.npz CLEAN.npz

NOISY.npz holds sigma (in the unit of [0, 1] pixels) and the pictures, float32 (height, width, 1 or
3), neither clipped nor rounded. The estimates go to CLEAN.npz, what was measured to stdout.
"""

import json
import sys
import time
from collections.abc import Callable

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
    from scorelet.tasks.denoise import Settings, denoise_pixels

    settings = Settings(model="photo", device="cpu")
    return denoise_pixels(noisy, settings)[0]


def skimage_nl_means(noisy: Pixels, sigma: float) -> Pixels:
    """Fast mode, h = 0.8 sigma, sigma given, patch 5, distance 6."""
    from skimage.restoration import denoise_nl_means

    estimate = denoise_nl_means(
        noisy, 5, 6, 0.8 * sigma, fast_mode=True, sigma=sigma, channel_axis=-1
    )
    return estimate.reshape(noisy.shape)


def skimage_wavelet(noisy: Pixels, sigma: float) -> Pixels:
    """BayesShrink, sigma given, rescale_sigma; colour in YCbCr."""
    from skimage.restoration import denoise_wavelet

    image, axis = (noisy, -1) if noisy.shape[2] == 3 else (noisy[..., 0], None)
    estimate = denoise_wavelet(
        image, sigma, convert2ycbcr=axis is not None, rescale_sigma=True, channel_axis=axis
    )
    return estimate.reshape(noisy.shape)


def bm3d(noisy: Pixels, sigma: float) -> Pixels:
    """Normal profile, sigma given; colour by bm3d_rgb."""
    import bm3d as package

    if noisy.shape[2] == 3:
        return package.bm3d_rgb(noisy, sigma)
    return package.bm3d(noisy[..., 0], sigma).reshape(noisy.shape)


def opencv_nl_means(noisy: Pixels, sigma: float) -> Pixels:
    """Input clipped and rounded to 8 bits; h = hColor = sigma, template 7, search 21."""
    import cv2

    coarse = (noisy.clip(0, 1) * 255).round().astype(np.uint8)
    level = 255 * sigma
    if noisy.shape[2] == 1:
        estimate = cv2.fastNlMeansDenoising(coarse[..., 0], None, level, 7, 21)
    else:  # OpenCV's order is blue, green, red
        bgr = np.ascontiguousarray(coarse[..., ::-1])
        estimate = cv2.fastNlMeansDenoisingColored(bgr, None, level, level, 7, 21)[..., ::-1]
    return estimate.reshape(noisy.shape).astype(np.float32) / 255


METHODS: dict[str, Callable[[Pixels, float], Pixels]] = {
    "noisy picture": noisy_itself,
    "scorelet photo": scorelet_photo,
    "BM3D": bm3d,
    "scikit-image NL means": skimage_nl_means,
    "scikit-image wavelet": skimage_wavelet,
    "OpenCV NL means": opencv_nl_means,
}


def main() -> None:
    """Denoise the pictures of a file; print one JSON document."""
    name, source, target = sys.argv[1:]
    method = METHODS[name]
    with np.load(source) as stored:
        sigma = float(stored["sigma"])
        pictures = [stored[key] for key in stored.files if key != "sigma"]
    try:
        method(np.ascontiguousarray(pictures[0][:CROP, :CROP]), sigma)
    except (ImportError, AttributeError) as error:
        print(json.dumps({"missing": f"not installed ({error})"}))
        return
    held = resident_mb()
    forget_peak()
    results = [_timed(method, noisy, sigma) for noisy in pictures]
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
