"""Whether a map f returns the noise of an image, as many networks do, not the clean one.

Symbols: x clean image in R^d, y = x + σ z, J = ∇f(y).

Then y - f(y) is far nearer to x than f(y), and nearer than multiples c y: no map that only scales y
passes for one. Where clean images are known, errors are measured; else they are those by SURE of
one noisy image, which have errors of their own, so that more is asked of them.
"""

from torch import Tensor

NEARER, GAIN = 3.0, 2.0
"""dB, at least, by which y - f(y) is nearer to x than f(y), and than the best multiple of y."""
_FAR = 0.25
"""Share of the error of f(y) by SURE, -6 dB, below which that of y - f(y) is far less; and of the
square of f(y) that y - f(y) has at least if it is an image, not about a constant."""


def by_psnr(answer: float, rest: float, multiple: float) -> bool:
    """Whether f returns the noise, by mean PSNRs in dB of clean images with noise added.

    Args:
        answer, rest, multiple: of f(y), y - f(y) and the best multiple of y.
    """
    return rest - answer >= NEARER and rest - multiple >= GAIN


def by_sure(y: Tensor, value: Tensor, sigma: float, trace: float) -> bool:
    """Whether f returns the noise, by SURE at one noisy image.

    Means are taken away, so that a map which only subtracts a constant is none that returns noise;
    and no noise is taken to be larger than y less its mean. In noise so weak that y - f(y) keeps
    most dimensions its gain on multiples of y is all that tells.

    Args:
        y: image, means of its last two axes are taken away.
        value: f(y).
        sigma: σ.
        trace: tr J.
    """
    if 2 * value.double().norm() ** 2 >= (y - value).double().norm() ** 2:
        return False
    answer, residual, whole = (float(_centred(v).square().sum()) for v in (value, y - value, y))
    noise = min(sigma**2 * y.numel(), whole)
    excess = noise * (2 * trace / y.numel() - 1)
    error = answer - excess  # of y - f(y), by SURE
    if error >= _FAR * (residual + excess) or residual <= _FAR * answer:
        return False
    best = noise * (1 - noise / whole)  # of c y, c = 1 - noise / whole
    return 2 * trace > y.numel() or error < best * 10 ** (-GAIN / 10)


def _centred(v: Tensor) -> Tensor:
    """Take away the mean of each channel, the mean over the last two axes."""
    v = v.double()
    return v - v.mean(tuple(range(-min(2, v.ndim), 0)), keepdim=True)
