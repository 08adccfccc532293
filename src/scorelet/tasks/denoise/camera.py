"""The denoiser of pictures of cameras: noise that neighbours share."""

from scorelet.models import SubsampledDenoiser
from scorelet.tasks.ready_denoiser import ReadyDenoiser, ready_denoiser

CAMERA: str | None = None
"""Built-in model of pictures of cameras. None: the model of white noise on `STEP` x `STEP` phases,
where noise that neighbours share is nearly white, stands in."""
STEP = 3


def camera_denoiser(white: str, *, device: str, dtype: str) -> ReadyDenoiser:
    """Return the denoiser of pictures of cameras, ready for inference.

    Args:
        white: name of the model of white noise.
        device, dtype: see `ready_denoiser`.
    """
    if CAMERA is not None:
        return ready_denoiser(CAMERA, device=device, dtype=dtype, verb="denoise")
    ready = ready_denoiser(white, device=device, dtype=dtype, verb="denoise")
    phases = SubsampledDenoiser(ready.denoiser, STEP)
    return ReadyDenoiser(phases, f"{ready.digest}/{STEP}", ready.dtype)
