"""What linear filters gain on training pictures to which they were not fitted.

Symbols: T_k training pictures of model k, T'_k and T''_k their halves, H held-out pictures, F_k a
linear filter that was fitted to T''_k.

F_k is on T'_k what a model would be that has learned the kind of pictures and none by heart: its
gaps P(T'_k) - P(H), beside those of F_j, are gaps of kinds alone.
"""

from collections.abc import Sequence
from dataclasses import replace

from torch import Tensor

from scorelet.analysis.memorization.baseline import linear_filters
from scorelet.analysis.memorization.curves import Gap, psnr_by_level
from scorelet.analysis.memorization.other_kind import Gaps, gaps_of
from scorelet.core.typing import Image


def filter_gaps(
    train: tuple[Tensor, Tensor], held_out: Image, sigmas: Sequence[float], *, seed: int
) -> tuple[tuple[Gaps, ...], tuple[Gaps, ...]]:
    """Measure both training sets; of a single picture, which has no halves, own is that of others.

    Args:
        train: T_k of each model (n, channel, height, width), in random order, on the CPU.
        held_out: H, as many pictures at most as are measured of a half; on the CPU.
        sigmas, seed: see `curves.psnr_by_level`.

    Returns:
        Gaps of each set, by kind of filter as in `linear_filters`.
    """
    shown = [x[: max(1, len(x) // 2)][: len(held_out)] for x in train]
    kinds = zip(*(linear_filters(x[len(x) // 2 :]) for x in train), strict=True)
    found: tuple[list[Gaps], list[Gaps]] = [], []
    for filters in kinds:
        tests = [psnr_by_level(f, held_out, sigmas, seed=seed) for f in filters]
        for k, (x, whole) in enumerate(zip(shown, train, strict=True)):
            own, other = (
                psnr_by_level(f, x, sigmas, seed=seed) for f in (filters[k], filters[1 - k])
            )
            gaps = gaps_of(own, other, tests[k], tests[1 - k])
            fitted = len(whole) == 1
            found[k].append(replace(gaps, own=gaps.others, over=Gap(0.0, 0.0)) if fitted else gaps)
    return tuple(found[0]), tuple(found[1])
