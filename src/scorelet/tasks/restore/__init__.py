"""The verb restore: what is known of a picture, and a denoiser as the prior, give the whole.

- `verb`: `restore` for one picture in Python; `files`: for files and folders, with reports.
- `settings`: how, and what comes out; `ways`: the tasks, from pictures to measurements.
- `drawing`: samples, their mean and deviation; `tiled`: a denoiser by tiles.
"""

from scorelet.tasks.restore.files import restore_files
from scorelet.tasks.restore.settings import QUALITIES, Restored, RestoreSettings
from scorelet.tasks.restore.verb import restore
from scorelet.tasks.restore.ways import TASKS

__all__ = [
    "QUALITIES",
    "TASKS",
    "RestoreSettings",
    "Restored",
    "restore",
    "restore_files",
]
