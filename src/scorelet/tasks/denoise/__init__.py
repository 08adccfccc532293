"""The verb denoise. A picture is read, planned, run and written: `files` or `verb` has the order.

- `verb`: `denoise` for one picture in Python; `files`: for files and folders, with reports.
- `settings`: how, and what comes out.
- `pages`: of a file, one by one; `page`: in the way that suits its noise; `plan`: what the network
  is shown of it, in which tiles, and the run.
- `shown`: what the network is shown; `noise`: which noise it is; `ways`: how each is taken out;
  `raw`: on the mosaic of a sensor.
- `remarks`, `faults`: what is said of it.
"""

from scorelet.tasks.denoise.files import denoise_files, measure_files
from scorelet.tasks.denoise.settings import Denoised, DenoiseSettings, Target
from scorelet.tasks.denoise.verb import denoise

__all__ = [
    "DenoiseSettings",
    "Denoised",
    "Target",
    "denoise",
    "denoise_files",
    "measure_files",
]
