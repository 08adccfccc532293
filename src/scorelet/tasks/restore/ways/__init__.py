"""The tasks of restoring, a file each, and what they share.

- `base`: what a task is, is told, and makes of a picture; `known`: pixels, and what they say.
- `unit`: in which pictures are sought; `ends`: where they were cut off.
- `kernels`: of blurs, and of what made pictures small; `every`: some pixels were kept.
- `masks`: of inpaint; `guess`: the surface through known pixels that it begins with.
"""

from scorelet.tasks.restore.ways import deblur, inpaint, sensing, spectral, superres
from scorelet.tasks.restore.ways.base import Task

TASKS: dict[str, Task] = {
    task.name: task
    for task in (superres.TASK, inpaint.TASK, deblur.TASK, sensing.TASK, spectral.TASK)
}
"""By name."""

__all__ = ["TASKS", "Task"]
