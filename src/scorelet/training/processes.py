"""One process or many: who joins them, which samples are whose, and how they part."""

import gc
import importlib
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import torch

from scorelet.core.errors import InputError, MissingExtraError
from scorelet.training.config import LoopConfig

if TYPE_CHECKING:
    from accelerate import Accelerator


def make_accelerator() -> "Accelerator":
    """Return what joins the processes that a launcher has started.

    Raises:
        MissingExtraError: accelerate is not installed.
    """
    try:
        from accelerate import Accelerator
    except ImportError as error:
        raise MissingExtraError("accelerate", "train") from error
    # accelerate joins processes on CPUs only if it is told so; else each would train alone
    several = int(os.environ.get("WORLD_SIZE", "1")) > 1
    if several:
        # imported while processes are joined, its default arguments would keep them joined for good
        importlib.import_module("torch.distributed.nn.functional")
    lonely = not torch.accelerator.is_available() or torch.backends.mps.is_available()
    return Accelerator(mixed_precision="no", cpu=several and lonely)


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
