"""Cascades of denoisers are measured as the denoiser of whole pictures that they are."""

from pathlib import Path
from typing import Any

from scorelet.core.errors import InputError
from scorelet.models.multiscale import Multiscale
from scorelet.models.multiscale_denoiser import MultiscaleDenoiser
from scorelet.tasks.evaluate.measure import EvaluateSettings, measure


@measure.register(Multiscale)
def measure_cascade(
    model: Multiscale[Any], data: str | Path, settings: EvaluateSettings
) -> dict[str, Any]:
    """Return what is measured of its plug-in denoiser, see `MultiscaleDenoiser`.

    Raises:
        InputError: its factors are energies, or see whitened bands: that does not denoise; and as
            for any denoiser.
    """
    try:
        denoiser = MultiscaleDenoiser(model).eval()
    except InputError:
        return measure.dispatch(object)(model, data, settings)
    return measure(denoiser, data, settings)
