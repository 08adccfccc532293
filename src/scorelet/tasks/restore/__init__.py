"""The verb restore: super-resolution, missing pixels, deblurring, with a denoiser as the prior."""

from scorelet.tasks.restore.settings import QUALITIES, TASKS, Restored, RestoreSettings
from scorelet.tasks.restore.verb import restore, restore_file

__all__ = ["QUALITIES", "TASKS", "RestoreSettings", "Restored", "restore", "restore_file"]
