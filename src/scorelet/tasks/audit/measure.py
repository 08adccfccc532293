"""What is measured of a pair of models, as a row for JSON and pictures for the report."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

import torch
from torch import Tensor

from scorelet.analysis.memorization import (
    Curve,
    Drawn,
    Evidence,
    Gap,
    Gaps,
    Pair,
    Seen,
    Shown,
    at_middle,
    by_gap,
    by_samples,
    curve,
    draw,
    is_behind,
    lead_over_half,
    measure_seen,
    model_variance,
    nearest,
    open_signs,
    psnr_by_level,
    quartiles,
    verdict,
    verdict_of_two,
)
from scorelet.core.device import choose_device
from scorelet.core.numbers import finite_or_none
from scorelet.core.progress import Progress
from scorelet.core.typing import Image
from scorelet.tasks.audit.settings import AuditSettings
from scorelet.tasks.audit.singles import is_majority

Row = dict[str, Any]


def measure(
    pair: Pair,
    held_out: Image,
    settings: AuditSettings,
    *,
    progress: Progress | None = None,
) -> tuple[Row, Shown]:
    """Measure everything.

    Args:
        pair: the models.
        held_out: pictures that neither has seen.
        settings: levels, number of samples, seed.
        progress: is told of the samples, see `twin_samples`.

    Returns:
        The row, as in `Audit.document` but for size and sentence: psnr_held_out and psnr_train are
        curves. And pictures, empty without samples.

    Raises:
        InputError: training sets that seem to be given in the other order.
    """
    seed, sigmas = settings.seed, settings.sigmas
    device = choose_device(settings.device)
    clean = held_out.to(device)
    tests = [psnr_by_level(model, clean, sigmas, seed=seed).cpu() for model in pair.models]
    seen = measure_seen(pair, held_out, tests, sigmas, seed=seed, device=device)
    variances = model_variance(pair.a, pair.b, clean, sigmas, seed=seed)
    near = _of_held_out(held_out, pair)
    drawn = draw(pair, clean, near, settings.samples, seed=seed, progress=progress)
    test, both = torch.cat(tests, 1), (tests[0] + tests[1]) / 2
    gap, fair = _fair_gaps(seen, twins=pair.twins)
    one_kind = pair.twins or seen is None or seen.both.kind is None
    each = [
        _gaps(None if seen is None else seen.each[k], fair[k], twins=pair.twins)
        | _lead(k, seen, tests, sigmas)
        | _of_one(k, seen, drawn)
        for k in (0, 1)
    ]
    evidence = Evidence(
        at_middle(variances),
        gap,
        drawn.pairs if one_kind else None,  # networks of two kinds draw different samples
        drawn.joined if one_kind else None,
        None if near is None else torch.cat(near),
        *_least_lead(seen, tests, sigmas, twins=pair.twins),
        by_heart=sum((one["copies"] or 0) + (one["known"] or 0) for one in each),
        mostly=seen is not None and all(is_majority(one) for one in each),
    )
    judged = verdict(evidence) if pair.twins else verdict_of_two(evidence, fair)
    row = {
        "psnr_held_out": _curve(replace(curve(test), error=curve(both).error)),
        "psnr_train": None if seen is None else _curve(curve(torch.cat(seen.psnr, 1))),
        **_gaps(None if seen is None else seen.both, gap, twins=pair.twins),
        "by_samples": by_samples(evidence),
        "lead": evidence.lead,
        "fit_levels": None if seen is None else seen.lead.fit_levels(sigmas),
        "variance": [asdict(each) | {"error": finite_or_none(each.error)} for each in variances],
        "pair": _quartiles(drawn.pairs),
        "nearest": _quartiles(drawn.joined),
        "nearest_of_held_out": None if near is None else _quartiles(torch.cat(near)),
        "pair_cosines": _list(drawn.pairs),
        "nearest_cosines": _list(drawn.joined),
        "each": each,
        "verdict": judged,
        "open": open_signs(evidence),
        "diverged": drawn.diverged,
    }
    return row, drawn.shown


def _fair_gaps(seen: Seen | None, *, twins: bool) -> tuple[Gap | None, list[Gap | None]]:
    """Return the gaps that count, of both and of each; all pictures of twins are of one kind."""
    if seen is None:
        return None, [None, None]
    if twins:
        return seen.both.own, [gaps.own for gaps in seen.each]
    return seen.both.fair, [gaps.fair for gaps in seen.each]


def _gaps(found: Gaps | None, fair: Gap | None, *, twins: bool) -> Row:
    """Return the gap of one model or of both, that of the other model, and what is to be seen."""
    return {
        "gap": None if found is None else found.own.value,
        "gap_error": None if found is None else finite_or_none(found.own.error),
        "others_gap": None if found is None else found.others.value,
        "others_gap_error": None if found is None else finite_or_none(found.others.error),
        "filter_gap": None if found is None or found.kinds is None else found.kinds.largest,
        "held_out_are": None if found is None or twins else found.kind,
        "counted_gap": None if fair is None else fair.value,
        "counted_gap_error": None if fair is None else finite_or_none(fair.error),
        "by_gap": by_gap(fair),
    }


def _least_lead(
    seen: Seen | None, tests: list[Tensor], sigmas: Sequence[float], *, twins: bool
) -> tuple[float, float | None]:
    """Return lead and gain of twins, or of that of two given models which has learned less."""
    if seen is None:
        return min(lead_over_half(test, sigmas) for test in tests), None
    if twins:
        return seen.lead.at_middle
    each = [one.at_middle for one in seen.lead.each]
    return min(each, key=lambda one: (not is_behind(*one), one[0]))


def _lead(k: int, seen: Seen | None, tests: list[Tensor], sigmas: Sequence[float]) -> Row:
    """Return by how much one model is better than what is easy, and whether that is too little."""
    lead, gain = (lead_over_half(tests[k], sigmas), None)
    if seen is not None:
        lead, gain = seen.lead.each[k].at_middle
    return {"lead": lead, "undertrained": is_behind(lead, gain)}


def _of_one(k: int, seen: Seen | None, drawn: Drawn) -> Row:
    """Return what is known of either model by itself."""
    cosines = None if drawn.nearest is None else drawn.nearest[k]
    return {
        "measured": None if seen is None else seen.psnr[k].shape[1],
        "known": None if seen is None else seen.known[k],
        "known_of_other": None if seen is None else seen.known_of_other[k],
        "nearest": _quartiles(cosines),
        "nearest_cosines": _list(cosines),
        "others_cosines": None if drawn.others is None else _list(drawn.others[k]),
        "copies": None if drawn.copies is None else drawn.copies[k],
        "copies_of_other": None if drawn.copies_of_other is None else drawn.copies_of_other[k],
        "copies_from": None if drawn.thresholds is None else drawn.thresholds[k],
    }


def _of_held_out(held_out: Image, pair: Pair) -> tuple[Tensor, Tensor] | None:
    """Return cosines of pictures that nobody copied: what the set itself has."""
    if pair.train is None:
        return None
    first, second = (nearest(held_out, own).cosine for own in pair.train)
    return first, second


def _curve(found: Curve) -> dict[str, Any]:
    return {
        "mean": list(found.mean),
        "error": [finite_or_none(error) for error in found.error],
        "of_mean": list(found.of_mean),
    }


def _quartiles(cosines: Tensor | None) -> list[float] | None:
    return None if cosines is None else list(quartiles(cosines))


def _list(cosines: Tensor | None) -> list[float] | None:
    return None if cosines is None else cosines.tolist()
