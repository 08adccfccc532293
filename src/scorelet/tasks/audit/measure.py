"""What is measured of a pair of models, as a row for JSON and pictures for the report."""

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import torch
from torch import Tensor

from scorelet.analysis.memorization import (
    Curve,
    Evidence,
    Gap,
    Nearest,
    by_gap,
    curve,
    model_variance,
    nearest,
    pair_cosines,
    psnr_by_level,
    psnr_gap,
    quartiles,
    twin_samples,
    verdict,
    verdict_of_two,
    wiener_filter,
)
from scorelet.analysis.memorization.verdict import LARGE_GAP
from scorelet.core.device import choose_device
from scorelet.core.errors import InputError
from scorelet.core.typing import Image
from scorelet.models import Denoiser
from scorelet.sampling.ascent import DivergenceError
from scorelet.tasks.audit.settings import AuditSettings

Row = dict[str, Any]
Shown = dict[str, Tensor]
"""For the report: first, second (samples), near_first, near_second (nearest training pictures)."""

_SHOWN = 6


@dataclass(frozen=True)
class Pair:
    """Two models, and what they were trained on where that is known.

    Attributes:
        a, b: on the device where they are measured.
        train_a, train_b: pictures (n, channel, height, width) in [0, 1], on the CPU, or None.
        twins: trained in one way, so that what is measured of both is judged together.
    """

    a: Denoiser
    b: Denoiser
    train_a: Tensor | None = None
    train_b: Tensor | None = None
    twins: bool = True


def measure(
    pair: Pair,
    held_out: Image,
    settings: AuditSettings,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Row, Shown]:
    """Measure everything.

    Args:
        pair: the models.
        held_out: pictures that neither has seen.
        settings: levels, number of samples, seed.
        progress: is told of the samples, see `twin_samples`.

    Returns:
        The row: psnr_held_out, psnr_train (curves), gap, gap_error,
        lead (over a linear filter, dB), variance (by level), pair,
        nearest, nearest_of_held_out (quartiles of cosines), pair_cosines, nearest_cosines, each
        (gap, gap_error, by_gap, nearest and nearest_cosines of one model), verdict, and diverged, a
        sentence or None. And pictures, empty without samples.

    Raises:
        InputError: training sets that seem to be given in the other order.
    """
    seed, sigmas = settings.seed, settings.sigmas
    models, trained = (pair.a, pair.b), (pair.train_a, pair.train_b)
    place = choose_device(settings.device)
    clean = held_out.to(place)
    test = torch.cat([psnr_by_level(model, clean, sigmas, seed=seed) for model in models], 1)
    train, gap, gaps = None, None, []
    if pair.train_a is not None and pair.train_b is not None:
        seen = [
            psnr_by_level(model, own[: len(held_out)].to(place), sigmas, seed=seed)
            for model, own in zip(models, (pair.train_a, pair.train_b), strict=True)
        ]
        refuse_other_order(pair, seen, settings)
        train = torch.cat(seen, 1)
        gap = psnr_gap(train, _per_picture(test))
        gaps = [psnr_gap(*both) for both in zip(seen, test.chunk(2, 1), strict=True)]
    variances = model_variance(pair.a, pair.b, clean, sigmas, seed=seed)
    samples, sentence = _samples(pair, clean, settings, progress)
    pairs = None if samples is None else pair_cosines(*samples)
    near = _near(samples, trained)
    copied = None if near is None else _joined(near)
    lead = _lead(pair, train, test, settings)
    evidence = Evidence(variances[settings.middle], gap, pairs, copied, lead)
    row = {
        "psnr_held_out": _curve(replace(curve(test), error=curve(_per_picture(test)).error)),
        "psnr_train": None if train is None else _curve(curve(train)),
        "gap": None if gap is None else gap.value,
        "gap_error": None if gap is None else _number(gap.error),
        "lead": lead,
        "variance": [asdict(each) | {"error": _number(each.error)} for each in variances],
        "pair": None if pairs is None else quartiles(pairs),
        "nearest": None if copied is None else quartiles(copied),
        "nearest_of_held_out": _reference(held_out, trained),
        "pair_cosines": None if pairs is None else pairs.tolist(),
        "nearest_cosines": None if copied is None else copied.tolist(),
        "each": _each(gaps, near),
        "verdict": verdict(evidence) if pair.twins else verdict_of_two(evidence, gaps),
        "diverged": sentence,
    }
    return row, _pictures(samples, near, trained)


def _per_picture(test: Tensor) -> Tensor:
    """The two models see the same held-out pictures: average them, so that errors are honest."""
    first, second = test.chunk(2, 1)
    return (first + second) / 2


def _lead(pair: Pair, seen: Tensor | None, test: Tensor, settings: AuditSettings) -> float:
    """Return by how many dB training pictures come back better than by a linear filter.

    The filter is that of the other training set: one of the same pictures knows the spectra of a
    few by heart. A model that knows others by heart is behind on held-out ones. So where training
    pictures are not known, it is by how many dB the models take out more than half of the strongest
    noise.
    """
    if seen is None or pair.train_a is None or pair.train_b is None:
        strongest = max(settings.sigmas)
        gain = test[settings.sigmas.index(strongest)].mean() + 20 * math.log10(strongest)
        return float(gain) - 10 * math.log10(2)
    count = test.shape[1] // 2
    filtered = [
        psnr_by_level(wiener_filter(other), own[:count], settings.sigmas, seed=settings.seed)
        for own, other in ((pair.train_a, pair.train_b), (pair.train_b, pair.train_a))
    ]
    return float((seen - torch.cat(filtered, 1))[settings.middle].mean())


def refuse_other_order(pair: Pair, seen: Sequence[Tensor], settings: AuditSettings) -> None:
    """Refuse training sets of which each model knows the other one.

    Args:
        pair: with both sets.
        seen: PSNR of each model on its own, (levels, n).
        settings: of the measurements, which are made at the middle level.

    Raises:
        InputError: both models bring the pictures of the other back clearly better.
    """
    assert pair.train_a is not None
    assert pair.train_b is not None
    middle, better = [settings.sigmas[settings.middle]], []
    crossed = ((pair.a, pair.train_b), (pair.b, pair.train_a))
    for (model, other), own in zip(crossed, seen, strict=True):
        shown = other[: own.shape[1]].to(choose_device(settings.device))
        found = psnr_by_level(model, shown, middle, seed=settings.seed)
        better.append(float(found.mean() - own[settings.middle].mean()))
    if min(better) >= LARGE_GAP:
        raise InputError(
            f"Both models bring the training pictures of the other back {min(better):.1f} dB "
            "better than their own, or more: the training sets seem to be given in the other "
            "order; give them in that of the models."
        )


def _samples(
    pair: Pair,
    clean: Image,
    settings: AuditSettings,
    progress: Callable[[int, int], None] | None,
) -> tuple[tuple[Tensor, Tensor] | None, str | None]:
    if not settings.samples:
        return None, None
    mean = clean.mean(0, keepdim=True)
    try:
        found = twin_samples(
            pair.a, pair.b, mean, settings.samples, seed=settings.seed, progress=progress
        )
    except DivergenceError as error:
        return None, str(error)
    return (found.first.cpu(), found.second.cpu()), None


def _near(
    samples: tuple[Tensor, Tensor] | None, trained: tuple[Tensor | None, Tensor | None]
) -> list[Nearest] | None:
    if samples is None:
        return None
    known = [
        nearest(images, own)
        for images, own in zip(samples, trained, strict=True)
        if own is not None
    ]
    return known if len(known) == 2 else None


def _each(gaps: Sequence[Gap], near: Sequence[Nearest] | None) -> list[Row]:
    """Return what is known of either model by itself."""
    cosines = [None, None] if near is None else [found.cosine for found in near]
    return [
        {
            "gap": None if gap is None else gap.value,
            "gap_error": None if gap is None else _number(gap.error),
            "by_gap": by_gap(gap),
            "nearest": None if cosine is None else quartiles(cosine),
            "nearest_cosines": None if cosine is None else cosine.tolist(),
        }
        for gap, cosine in zip(gaps or (None, None), cosines, strict=True)
    ]


def _joined(near: list[Nearest]) -> Tensor:
    return torch.cat([each.cosine for each in near])


def _reference(
    held_out: Tensor, trained: tuple[Tensor | None, Tensor | None]
) -> list[float] | None:
    """Cosines of pictures that nobody copied: what the set itself has."""
    known = [nearest(held_out, own).cosine for own in trained if own is not None]
    return list(quartiles(torch.cat(known))) if known else None


def _pictures(
    samples: tuple[Tensor, Tensor] | None,
    near: list[Nearest] | None,
    trained: tuple[Tensor | None, Tensor | None],
) -> Shown:
    if samples is None:
        return {}
    shown = {"first": samples[0][:_SHOWN], "second": samples[1][:_SHOWN]}
    for name, found, own in zip(("near_first", "near_second"), near or [], trained, strict=False):
        assert own is not None
        shown[name] = own[found.index[:_SHOWN]]
    return shown


def _curve(found: Curve) -> dict[str, Any]:
    return {
        "mean": list(found.mean),
        "error": [_number(error) for error in found.error],
        "of_mean": list(found.of_mean),
    }


def _number(value: float) -> float | None:
    """JSON has no name for what is not known."""
    return None if math.isnan(value) else value
