"""Say how log-concave the conditional laws of a model of fields are."""

import warnings
from pathlib import Path
from typing import Any

from scorelet.core.options import checked
from scorelet.core.progress import Progress
from scorelet.tasks.field_model.census import FieldWarning
from scorelet.tasks.field_model.model import FieldModel


@checked
def certify(
    model: str | Path, data: str | Path | None = None, *, progress: Progress | None = None
) -> dict[str, Any]:
    """Return the certificate of a model.

    Args:
        model: NAME.safetensors of `scorelet field fit`, or a built-in name.
        data: fields to look at; None gives what was computed when the model was fitted, at fields
            that were held out.
        progress: is told how many Hessians are done, one for each field and band.

    Returns:
        model, data, warnings, verdict, precision, fields, transform, prewhitened,
        holds_uniformly, holds_at_fields, bands.

    Raises:
        InputError: fields of another size, a model of another kind.
        ArrayFileError, CheckpointError: a file that cannot be read.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", FieldWarning)
        fitted = FieldModel.load(model, verb="field certify")
        found = fitted.certificate(data, progress=progress)
    said = [str(w.message) for w in caught if issubclass(w.category, FieldWarning)]
    document = {"model": str(model), "data": data and str(data), "warnings": said}
    return document | found.as_dict()
