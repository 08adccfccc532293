"""The verb weights compare: are two networks the same inside, layer by layer?"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from scorelet.analysis.alignment import align, cross_moments, sharing, sharing_words
from scorelet.analysis.weight_comparison import ComparedLayer, compared_layer, layer_entry
from scorelet.analysis.weight_covariance import refuse_broken
from scorelet.core.brief import Brief
from scorelet.core.errors import InputError
from scorelet.core.network import equal_weights
from scorelet.core.options import check_fields, checked
from scorelet.core.progress import Progress, told
from scorelet.core.random import generator
from scorelet.data.labelled import LabelledImages
from scorelet.tasks.array_files import save_page
from scorelet.tasks.networks import (
    Model,
    Part,
    PictureChoice,
    Unlabelled,
    open_network,
    open_unlabelled,
    said_of,
)
from scorelet.tasks.weights.compare_report import report
from scorelet.tasks.weights.noise import AUTO, check_noise, in_units_of_noise

_HELD_OUT = 5  # one picture of so many is kept from the fit of rotations
SAME = "both networks have the same weights, so they are alike for that reason"


@dataclass(frozen=True)
class CompareSettings:
    """How two networks are compared.

    Args:
        arch, other_arch: see `open_network`; other_arch is arch where it is not given.
        noise: auto, init or bulk, see `scorelet.tasks.weights.spectrum.spectrum`.
        draws: of random rotations and networks, for floor, ceiling and deviation.
        polar: svd or newton-schulz, see `scorelet.analysis.alignment.procrustes`.
        seed: of the draws.
        device: auto, cpu, cuda or mps.
    """

    arch: str | None = None
    other_arch: str | None = None
    noise: str = AUTO
    draws: int = 5
    polar: str = "svd"
    seed: int = 0
    device: str = "auto"

    def __post_init__(self) -> None:
        """Check types and ranges."""
        check_fields(self)
        if self.draws < 2:
            raise InputError(f"draws is {self.draws}: at least 2 are needed.")
        if self.seed < 0:
            raise InputError(f"seed is {self.seed}: it must not be negative.")
        check_noise(self.noise)
        if self.polar not in ("svd", "newton-schulz"):
            raise InputError(f"polar is {self.polar!r}: it must be svd or newton-schulz.")


@dataclass(frozen=True, repr=False)
class Comparison(Brief):
    """Two networks compared.

    Attributes:
        document: for JSON: model, other, data, part (None where there are none), pictures,
            held_out (how many pictures), noise, draws, polar, seed, warnings and ``layers``, for
            each: name, kind, neurons, channels, gamma and bulk_variance of both,
            weights_per_channel, samples, needed, directions (that samples determine), r2_align,
            r2_held_out (of pictures that are held out), r2_means, kept1, kept2, reff1, reff2,
            cos_raw, cos_floor, cos_ceiling, S12, S21, S_mean, bootstrap_sd, chance_mean,
            chance_sd (None where undefined), eigenvector_cosines (the first 40), is_output (of the
            layer that is called last: neither S = 1 nor bootstrap_sd has a meaning there).
        layers: what it was made from.
    """

    document: dict[str, Any]
    layers: tuple[ComparedLayer, ...]

    def save(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Write a report with figures, NAME.html.

        Raises:
            InputError: another suffix, or a file that exists already.
        """
        save_page(path, lambda: report(self.document, self.layers), overwrite=overwrite)


@checked
def compare(  # noqa: PLR0913 - as many as the shell has options
    model: Model,
    other: Model,
    *,
    data: Unlabelled,
    arch: str | None = None,
    other_arch: str | None = None,
    part: Part = "train",
    size: tuple[int, int] | None = None,
    limit: int | None = 2000,
    noise: str = AUTO,
    draws: int = 5,
    polar: str = "svd",
    seed: int = 0,
    device: str = "auto",
) -> Comparison:
    """Compare what two networks of one architecture have learned, layer by layer.

    Both see the same pictures; an orthogonal map brings the channels of the other network to those
    of the first; then covariances of weights are compared by S, which is about 0 for networks
    without common directions and 0.5 to 0.9 for two networks of one law.

    Args:
        model, other: paths, built-in names or Hub ids; with `arch` files of weights; or modules.
        data: npz with x_train, y_train, x_test, y_test, an npy, HDF5 or FITS file of pictures, a
            folder of pictures or of classes, or the name of one under ``$SCORELET_DATA``; or
            pictures in memory, a tensor or array of floats (n, channel, height, width) with values
            in [0, 1], signals (n, channel, length) and volumes too, or a `scorelet.LabelledImages`.
            Labels are not used.
        arch, other_arch, noise, draws, polar, seed, device: see `CompareSettings`.
        part, size, limit: see `PictureChoice`.

    Raises:
        InputError: networks of different architectures, or data and options that cannot be used.
        CheckpointError: a file that cannot be read, or does not fit.
    """
    settings = CompareSettings(arch, other_arch, noise, draws, polar, seed, device)
    return comparison(model, other, data, settings, PictureChoice(part, size, limit))


def comparison(
    model: Model,
    other: Model,
    data: Unlabelled,
    settings: CompareSettings,
    shown: PictureChoice,
    *,
    progress: Progress | None = None,
    layered: Progress | None = None,
) -> Comparison:
    """Do what `compare` says.

    While pictures are shown `progress` is called with (pictures done, pictures), and after that,
    while layers are compared, `layered` with (steps done, steps).
    """
    first = open_network(model, settings.arch, device=settings.device)
    second = open_network(other, settings.other_arch or settings.arch, device=settings.device)
    for number, opened in zip(("first", "second"), (first, second), strict=True):
        refuse_broken(opened.network, which=f"of the {number} network")
    images, notes = open_unlabelled(data, first.model, shown)
    fitted, held = _halves(images)
    networks = first.network, second.network
    whole = len(images)
    shown_of = _part_of(progress, 0, whole)
    alignment = align(*networks, fitted, polar=settings.polar, of=whole, progress=shown_of)
    pairs = [(layer.reference, layer.other) for layer in alignment.layers]
    shared = sharing(*zip(*pairs, strict=True))
    repeated = {name for others in shared.values() for name in others}
    listed = [layer for layer in alignment.layers if layer.name not in repeated]
    pairs = [(layer.reference, layer.other) for layer in listed]
    shown_of = _part_of(progress, len(fitted), whole)
    fixed = bool(listed) and listed[0].fixed
    moments = cross_moments(*networks, pairs, held, fixed=fixed, progress=shown_of)
    spectral, steps = _part_of(layered, 0, 3 * len(pairs)), 2 * len(pairs)
    noise, spectra, said = in_units_of_noise(
        settings.noise, *zip(*pairs, strict=True), progress=spectral
    )
    layers = tuple(
        compared_layer(
            layer,
            layer.rotation.measure(sums)[0],
            both,
            draws=settings.draws,
            rng=generator(settings.seed, number),
        )
        for number, (layer, sums, both) in enumerate(
            told(
                list(zip(listed, moments, zip(*spectra, strict=True), strict=True)),
                _part_of(layered, steps, 3 * len(pairs)),
            )
        )
    )
    document = {
        "model": first.title,
        "other": second.title,
        **said_of(data, shown.part),
        "pictures": len(fitted),
        "held_out": len(held),
        "noise": noise,
        **{name: getattr(settings, name) for name in ("draws", "polar", "seed")},
        "layers": [
            layer_entry(layer) | {"is_output": layer.aligned.reference is alignment.output}
            for layer in layers
        ],
        "warnings": [
            *([SAME] if equal_weights(*networks) else []),
            *(f"first network: {text}" for text in first.notes),
            *(f"second network: {text}" for text in second.notes),
            *notes,
            *alignment.warnings,
            *sharing_words(shared),
            *(f"first network: {text}" for text in said[0]),
            *(f"second network: {text}" for text in said[1]),
        ],
    }
    return Comparison(document, layers)


def _part_of(progress: Progress | None, before: int, count: int) -> Progress | None:
    """Return what tells of a part of the work, before which some of it was done."""
    return None if progress is None else lambda done, _: progress(before + done, count)


def _halves(
    images: LabelledImages | Tensor,
) -> tuple[LabelledImages | Tensor, LabelledImages | Tensor]:
    count = max(1, len(images) // _HELD_OUT)
    if len(images) < 2:
        raise InputError("There is one picture: give at least 2, better thousands.")
    if isinstance(images, Tensor):
        return images[:-count], images[-count:]
    return images.hold_out(count)
