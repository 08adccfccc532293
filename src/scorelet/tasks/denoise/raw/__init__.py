"""Camera raw files: noise is taken out of the sensor's mosaic, which is then developed.

- `law`: the variance of the noise by brightness, for each colour.
- `stable`: a mosaic whose noise is white, and back.
- `page`: the order of it all.
"""

from scorelet.tasks.denoise.raw.page import denoised_raw

__all__ = ["denoised_raw"]
