"""The batches of a run, from the number of the step on: on the device, in the layout of images."""

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from scorelet.core.random import Noise
from scorelet.training.config import LoopConfig
from scorelet.training.objectives import Batch
from scorelet.training.processes import shares
from scorelet.training.workers import heed_the_run_only

if TYPE_CHECKING:
    from accelerate import Accelerator


class Part(NamedTuple):
    """A part of a step's batch.

    Attributes:
        batch: samples.
        noise: random numbers of these samples, whichever process and part they are in.
    """

    batch: Batch
    noise: Noise


def batches_from(
    step: int, data: Dataset, config: LoopConfig, accelerator: "Accelerator"
) -> Iterator[list[Part]]:
    """Yield the parts of each step, this process's share of them.

    Args:
        step: steps that are done.
        data: sample k of the run at index k, a dict of tensors.
        config: steps, batch, accumulation and workers.
        accelerator: says which process this is, and on what device.

    Raises:
        InputError: the batch cannot be shared by the processes.
    """
    numbers, again = (shares(config, step, accelerator) for _ in range(2))
    loader = DataLoader(
        data, batch_sampler=numbers, num_workers=config.workers, worker_init_fn=heed_the_run_only
    )
    pairs = zip(loader, again, strict=True)
    while parts := [
        Part(
            {name: _placed(tensor, accelerator.device) for name, tensor in batch.items()},
            _noise(samples, config),
        )
        for batch, samples in islice(pairs, config.accumulate)
    ]:
        yield parts


def _noise(samples: list[int], config: LoopConfig) -> Noise:
    """Return the noise of samples of one step, by their places in its batch."""
    places = [sample % config.batch for sample in samples]
    return Noise(config.seed, places, step=samples[0] // config.batch)


def _placed(tensor: Tensor, device: torch.device) -> Tensor:
    layout = torch.channels_last if tensor.ndim == 4 else torch.preserve_format
    return tensor.to(device, memory_format=layout)
