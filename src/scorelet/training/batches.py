"""The batches of a run, from the number of the step on: on the device, in the layout of images."""

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from scorelet.training.config import LoopConfig
from scorelet.training.objectives import Batch
from scorelet.training.processes import shares

if TYPE_CHECKING:
    from accelerate import Accelerator


def batches_from(
    step: int, data: Dataset, config: LoopConfig, accelerator: "Accelerator"
) -> Iterator[list[Batch]]:
    """Yield the parts of each step, this process's share of them.

    Args:
        step: steps that are done.
        data: sample k of the run at index k, a dict of tensors.
        config: steps, batch, accumulation and workers.
        accelerator: says which process this is, and on what device.

    Raises:
        InputError: the batch cannot be shared by the processes.
    """
    numbers = shares(config, step, accelerator)
    loader = iter(DataLoader(data, batch_sampler=numbers, num_workers=config.workers))
    while parts := [
        {name: _placed(tensor, accelerator.device) for name, tensor in batch.items()}
        for batch in islice(loader, config.accumulate)
    ]:
        yield parts


def _placed(tensor: Tensor, device: torch.device) -> Tensor:
    layout = torch.channels_last if tensor.ndim == 4 else torch.preserve_format
    return tensor.to(device, memory_format=layout)
