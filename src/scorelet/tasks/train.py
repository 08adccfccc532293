"""Train a model from a configuration: data in, a run folder out."""

from pathlib import Path

import torch
from torch import nn

from scorelet.core.errors import InputError
from scorelet.core.files import write_text
from scorelet.core.memory import keep_large_buffers
from scorelet.data import load_pictures, locate
from scorelet.data.pictures.patches import NoisyPatches
from scorelet.models import (
    LogUniformNoise,
    NoiseLaw,
    QuadraticNoise,
    ResidualDenoiser,
    UniformNoise,
)
from scorelet.tasks.evaluate import mean_psnr
from scorelet.tasks.progress import Bar
from scorelet.training import TrainConfig, Trainer, blind_denoising, write_config
from scorelet.training.config import DataConfig
from scorelet.zoo import build_network, load_weights, save_denoiser

WEIGHTS = "weights.safetensors"
VALIDATION_SIGMAS = (15.0, 25.0, 50.0)


def train(config: TrainConfig, *, resume: bool = False, quiet: bool = False) -> Path:
    """Train a blind denoiser; return the path of its averaged weights.

    The folder `config.output` gets ``config.yaml``, ``log.jsonl``, ``tensorboard/``,
    ``state.safetensors`` (to resume) and ``weights.safetensors`` (to use: the averaged weights).

    Raises:
        InputError: data that are not there, an unknown architecture, a folder in use.
    """
    keep_large_buffers()
    model = ResidualDenoiser(_network(config))
    trainer = Trainer(
        config,
        model,
        _patches(config),
        blind_denoising(config.sigma_weight),
        validate=_validation(config),
        export=_export(config),
        resume=resume,
    )
    if trainer.accelerator.is_main_process:
        write_text(Path(config.output) / "config.yaml", write_config(config))
    main = trainer.accelerator.is_main_process
    count = trainer.accelerator.num_processes
    title = "training" if count == 1 else f"training on {count} processes"
    with Bar(title, config.steps, start=trainer.step, quiet=quiet or not main) as bar:
        for progress in trainer.run():
            bar.advance("" if progress.loss is None else f"loss {progress.loss:.4f}")
    trainer.accelerator.wait_for_everyone()  # the main process writes last
    return Path(config.output) / WEIGHTS


def leave_processes() -> None:
    """Take leave of the other processes of a run: one that just ends aborts the launcher."""
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()


def _network(config: TrainConfig) -> nn.Module:
    torch.manual_seed(config.seed)  # the constructors of torch's layers know no generator
    network = build_network(config.model.architecture, config.model.options)
    if config.model.start_from:
        _start_from(network, locate(config.model.start_from))
    return network


def _start_from(network: nn.Module, path: Path) -> None:
    """Copy the weights of a file's network whose names and shapes agree."""
    weights = load_weights(path)
    own = network.state_dict()
    fitting = {n: t for n, t in weights.items() if n in own and own[n].shape == t.shape}
    if not fitting:
        raise InputError(f"No weight of {path} fits the architecture: check model.options.")
    network.load_state_dict(fitting, strict=False)


def _patches(config: TrainConfig) -> NoisyPatches:
    data = config.data
    exclude = frozenset(data.exclude)
    pictures = [
        picture
        for folder in data.train
        for picture in load_pictures(locate(folder), channels=data.channels, exclude=exclude)
    ]
    return NoisyPatches(
        pictures,
        patch=data.patch,
        noise=_noise_law(data),
        length=config.steps * data.batch,
        seed=config.seed,
        gray=data.gray,
    )


def _noise_law(data: DataConfig) -> NoiseLaw:
    low, high = data.sigma[0] / 255, data.sigma[1] / 255
    if data.law == "quadratic":
        return QuadraticNoise(high)
    return LogUniformNoise(low, high) if data.law == "log-uniform" else UniformNoise(low, high)


def _validation(config: TrainConfig):  # noqa: ANN202 - a Hook or None
    if not config.data.validation:
        return None
    folders = [locate(name) for name in config.data.validation]
    kinds = (1, 3) if config.data.gray and config.data.channels == 3 else (config.data.channels,)
    sets = {c: [p for f in folders for p in load_pictures(f, channels=c)] for c in kinds}

    def validate(_step: int, model: nn.Module) -> dict[str, float]:
        return {
            f"psnr{channels}_{sigma:g}": round(mean_psnr(model, pictures, sigma), 4)
            for channels, pictures in sets.items()
            for sigma in VALIDATION_SIGMAS
        }

    return validate


def _export(config: TrainConfig):  # noqa: ANN202 - a Hook
    def export(_step: int, model: nn.Module) -> None:
        network = model.network if isinstance(model, ResidualDenoiser) else model
        save_denoiser(Path(config.output) / WEIGHTS, network)

    return export
