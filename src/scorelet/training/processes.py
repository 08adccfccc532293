"""One process or many: who joins them, which samples are whose, and how they part."""

import gc
import importlib
import os
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch

from scorelet.core.device import choose_device
from scorelet.core.errors import InputError, MissingExtraError, ScoreletError, one_line
from scorelet.training.config import LoopConfig

if TYPE_CHECKING:
    from accelerate import Accelerator


def make_accelerator(device: str = "auto") -> "Accelerator":
    """Return what joins the processes that a launcher has started.

    Args:
        device: as in `choose_device`; of auto accelerate's own choice. Each of several processes
            has its own device, or the CPU.

    Raises:
        InputError: a device that is not there, or one for several processes.
        MissingExtraError: accelerate is not installed.
    """
    try:
        from accelerate import Accelerator
    except ImportError as error:
        raise MissingExtraError("accelerate", "train") from error
    # accelerate joins processes on CPUs only if it is told so; else each would train alone
    several = int(os.environ.get("WORLD_SIZE", "1")) > 1
    if several and device not in ("auto", "cpu"):
        raise InputError(
            f"The device is {device!r}, and each of several processes has its own: use auto or cpu."
        )
    place = choose_device(device)
    if several:
        # imported while processes are joined, its default arguments would keep them joined for good
        importlib.import_module("torch.distributed.nn.functional")
    lonely = not torch.accelerator.is_available() or torch.backends.mps.is_available()
    cpu = several and (lonely or device == "cpu")
    accelerator = Accelerator(mixed_precision="no", cpu=cpu)
    if device != "auto" and not several:
        # accelerate chooses once for a Python process, whose next run may want another device
        accelerator.state.device = place  # ty: ignore[missing-attribute]
    return accelerator


@contextmanager
def told_of_the_others(accelerator: "Accelerator") -> Generator[None]:
    """Say what it means if messages to the other processes of a run come to nothing.

    Raises:
        ScoreletError: one of them has ended.
    """
    try:
        yield
    except RuntimeError as error:
        if accelerator.num_processes > 1 and _is_about_messages(error):
            raise ScoreletError(
                f"Another process of the run does not answer ({one_line(error, limit=80)}): look "
                "for its own error, or whether the system has ended it for want of memory; "
                "--resume goes on from the last saved state."
            ) from error
        raise


def _is_about_messages(error: RuntimeError) -> bool:
    """Whether it comes from what carries messages; gloo has no kind of error of its own."""
    return isinstance(error, torch.distributed.DistError) or "gloo" in str(error)


def leave_processes() -> None:
    """Take leave of the other processes of a run: one that just ends aborts the launcher.

    The threads that carry messages end with whatever still uses them, such as trainers out of
    reach; one that outlives the interpreter would abort this process.
    """
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        gc.collect()
        torch.distributed.destroy_process_group()


def shares(config: LoopConfig, done: int, accelerator: "Accelerator") -> Iterator[list[int]]:
    """Yield the sample numbers of each part of each step of this process, from step `done` on.

    Step n takes the samples from n · batch on, whatever the number of processes and parts.

    Raises:
        InputError: the batch is no multiple of processes times parts.
    """
    processes, parts = accelerator.num_processes, config.accumulate
    share, rest = divmod(config.batch, processes * parts)
    if rest:
        among = [f"{processes} processes"] * (processes > 1) + [f"{parts} parts"] * (parts > 1)
        raise InputError(
            f"A batch of {config.batch} cannot be shared by {' of '.join(among)}: "
            f"choose a multiple of {processes * parts}."
        )
    return _numbers(config, done, accelerator.process_index * share * parts, share)


def _numbers(config: LoopConfig, done: int, first: int, share: int) -> Iterator[list[int]]:
    for step in range(done, config.steps):
        start = step * config.batch + first
        for part in range(config.accumulate):
            yield list(range(start + part * share, start + (part + 1) * share))
