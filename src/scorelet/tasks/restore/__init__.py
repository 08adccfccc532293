"""The verb restore: what is known of a picture, and a denoiser as the prior, give the whole.

- `verb`: `restore` for one picture in Python; `files`: for files and folders, with reports.
- `settings`: how, and what comes out; `known`: masks; `observed`: from pictures to measurements.
- `level`: of the noise; `drawing`: samples, their mean and deviation; `tiled`: a denoiser by tiles.
"""

from scorelet.tasks.restore.files import restore_files
from scorelet.tasks.restore.settings import (
    FILLING,
    QUALITIES,
    SCHEDULE,
    TASKS,
    Restored,
    RestoreSettings,
    schedule_of,
)
from scorelet.tasks.restore.verb import restore

__all__ = [
    "FILLING",
    "QUALITIES",
    "SCHEDULE",
    "TASKS",
    "RestoreSettings",
    "Restored",
    "restore",
    "restore_files",
    "schedule_of",
]
