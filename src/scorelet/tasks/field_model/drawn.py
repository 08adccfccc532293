"""Samples that are drawn for a report of a model of fields."""

from pathlib import Path
from typing import Any

from scorelet.core.typing import Fields
from scorelet.data.fields.source import FieldSource
from scorelet.tasks.array_files import write_page
from scorelet.tasks.field_model.drawing import enlarged, run_of
from scorelet.tasks.field_model.fields import as_source
from scorelet.tasks.field_model.model import FieldModel
from scorelet.tasks.field_model.report import MOST, Sampled, report
from scorelet.tasks.field_model.watch import ChainWatch

_PIXELS = 1 << 18
_COUNTS = 16, 200
_SEED = 31415
_FEWEST = 10  # fields without gaps, below which nothing can be compared
_NOTHING = f"nothing: of the first {MOST} fields fewer than {_FEWEST} have no gaps"


def write_report(
    path: Path,
    model: FieldModel,
    data: Any,  # noqa: ANN401 - what users hold
    facts: dict[str, str],
    mask: Any = None,  # noqa: ANN401
) -> None:
    """Draw samples of a model, and write the report of both.

    Args:
        path: NAME.html.
        model: that was fitted.
        data: the fields.
        facts: what the report says of where they are.
        mask: of the fields, see `as_source`.
    """
    low, high = _COUNTS
    count = max(low, min(high, _PIXELS // (model.size[0] * model.size[1])))
    watch = ChainWatch()
    samples = model.sample(count, seed=_SEED, on_step=watch, check=False)
    write_sampled(
        path, model, Sampled(samples, chains_of(model, watch, model.size)), data, facts, mask
    )


def write_sampled(
    path: Path,
    model: FieldModel,
    sampled: Sampled,
    data: Any,  # noqa: ANN401 - what users hold
    facts: dict[str, str],
    mask: Any = None,  # noqa: ANN401
) -> None:
    """Write the report of samples that there are, beside fields or, if None, alone."""
    fields = None if data is None else _without_gaps(as_source(data, mask))
    if data is not None and fields is None:
        facts = facts | {"compared with": _NOTHING}
    text = report(model.record, model.certificate(), sampled, facts=facts, data=fields)
    write_page(path, text)


def chains_of(model: FieldModel, watch: ChainWatch, size: tuple[int, int]) -> list[dict[str, Any]]:
    """Return what the chains of samples of a size are worth, see `ChainWatch.bands`."""
    return watch.bands(enlarged(run_of(model.model, model.steps), size))


def _without_gaps(source: FieldSource) -> Fields | None:
    """Return those of the first fields that have no gaps; None if they are too few."""
    x = source.read(range(min(MOST, source.shape[0])))
    whole = x[x.isfinite().all(-1).all(-1)]
    return whole if len(whole) >= _FEWEST else None
