"""The denoiser of pictures of cameras: noise that neighbours share."""

from scorelet.tasks.ready_denoiser import ReadyDenoiser, ready_denoiser

CAMERA = "camera"
"""Built-in model of pictures of cameras."""


def camera_denoiser(*, device: str, dtype: str) -> ReadyDenoiser:
    """Return the denoiser of pictures of cameras, see `ready_denoiser`."""
    return ready_denoiser(CAMERA, device=device, dtype=dtype, verb="denoise")
