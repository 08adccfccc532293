"""The verb basis: what a denoiser keeps and removes at one picture, and its report."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from scorelet.analysis.few_levels import MOST, few_levels
from scorelet.analysis.jacobian import JacobianBasis, jacobian_basis
from scorelet.analysis.jacobian.basis import FULL_UP_TO, Kind
from scorelet.analysis.jacobian.level import FINDABLE
from scorelet.analysis.shrinkage import (
    OracleShrinkage,
    cosine_coefficients,
    oracle_shrinkage,
    wavelet_coefficients,
    wavelet_levels,
    with_levels,
)
from scorelet.core.brief import Brief
from scorelet.core.device import choose_device
from scorelet.core.errors import InputError
from scorelet.core.network import evaluated
from scorelet.core.options import checked
from scorelet.core.paths import as_path
from scorelet.core.progress import Progress
from scorelet.core.random import generator, randn
from scorelet.core.words import counted
from scorelet.data import Picture, on_white, read_picture, to_unit
from scorelet.data.fields.array_files import array_suffix, read_array
from scorelet.data.fields.arrays import split_name
from scorelet.data.pictures.channel_axis import one_with_channels_last
from scorelet.tasks.array_files import check_output, writing
from scorelet.tasks.basis_report import report
from scorelet.tasks.classify_input import Source, one_picture
from scorelet.tasks.others_denoiser import DenoiserLike, as_denoiser, name_of
from scorelet.tasks.picture_arrays import pixels_of

SUFFIXES = (".html", ".npz")

EIGHT_BIT = 255
TOLERANCE = 0.005
"""Small residuals do not say that no eigenvector was passed over; see `docs/basis.md`."""
_MOST = 512
"""Eigenvectors, unless it is all of them."""
_RANGE = 10.0
"""Between the least and the largest value of a picture in [0, 1] with the strongest noise."""
_LITTLE = 0.1
"""Share of what the best denoiser takes away below which a picture hardly has the noise."""
_NEAR = 0.9
"""Mean of all factors above which they are near 1."""
_HARDLY = 1.0
"""Noise level, in 8-bit units, below which a denoiser has nothing to do."""
_NUMBERS = (
    *("sigma", "sigma_error", "sure", "sure_error", "effective_dim", "effective_dim_error"),
    *("asymmetry", "homogeneity"),
)
"""What a file of arrays has of a `JacobianBasis` beside these."""

RETURNS_NOISE = (
    "the model f seems to return the noise: by SURE, the picture y less its answer, y - f(y), is "
    "far nearer to the clean picture; give a model that returns that"
)


@dataclass(frozen=True)
class BasisSettings:
    """What is computed.

    Args:
        k: number of eigenvectors, up to 512; None: all, of pictures of at most 1,024 numbers.
        sigma: noise level of the picture, in [0, 1] units; None: it is found, or it is `noise`.
        noise: level of white noise that is added first, in [0, 1] units; 0: none. The picture
            then counts as clean.
        crop: take only the middle square of so many pixels; None: the whole picture.
        kind: "symmetric": eigenvectors of the symmetric part of the Jacobian; "singular": singular
            vectors of the Jacobian itself, on the side of the noisy picture.
        tolerance: of the residuals, relative to the eigenvalue.
        device: auto, cpu, cuda or mps.
        seed: of the noise and of the start.
    """

    k: int | None = 16
    sigma: float | None = None
    noise: float = 0.0
    crop: int | None = None
    kind: Kind = "symmetric"
    tolerance: float = TOLERANCE
    device: str = "auto"
    seed: int = 0

    def __post_init__(self) -> None:
        """Check what the analysis itself does not."""
        if not 0 <= self.noise < float("inf"):
            raise InputError(f"noise is {self.noise}: it must be zero or positive.")
        if self.sigma is not None and not 0 < self.sigma < float("inf"):
            raise InputError(
                f"sigma is {self.sigma}: it must be above 0; without it the noise level is found."
            )
        if self.sigma is not None and self.noise:
            raise InputError(
                "sigma and noise are given: a picture to which noise is added counts as clean, and "
                "its level is that of the noise; leave one of them out."
            )
        if self.k is not None and not 1 <= self.k <= _MOST:
            raise InputError(
                f"k is {self.k}: it must be between 1 and {_MOST}, or all (None in Python)."
            )
        if self.seed < 0:
            raise InputError(f"seed is {self.seed}: it must not be negative.")
        if self.crop is not None and self.crop < 2:
            raise InputError(f"crop is {self.crop}: at least two pixels a side are needed.")


@dataclass(frozen=True, repr=False)
class PictureBasis(Brief):
    """The basis of a denoiser at a picture.

    Attributes:
        document: for JSON: source (its class where it was in memory), model, height, width,
            channels, k (how many vectors there are), crop, kind, tolerance, seed, noise_added,
            sigma and sigma_error (8-bit units; its standard error if it was found, 0 if it was
            given), values, residuals, effective_dim, effective_dim_error, dimensions, mse (mean
            square error per pixel by SURE, 8-bit units squared), mse_error (its standard error),
            true_mse (its own, None without a clean picture), asymmetry, homogeneity, products,
            oracles (for each: basis, effective_dim, mse, which is None where they know the denoised
            picture only), oracle_knows (which picture), warnings (sentences without a full stop).
        basis: what it was made from.
        oracles: of fixed bases, by name.
    """

    document: dict[str, Any]
    basis: JacobianBasis
    oracles: dict[str, OracleShrinkage]

    def save(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Write a report with figures, NAME.html, or the arrays, NAME.npz.

        The arrays: values (k,), vectors and of singular ones left, (k, height, width, channel),
        residuals (k,), noisy and denoised, (height, width, channel); the numbers sigma, sure (a
        total over the picture; both in [0, 1] units, NaN where not known), effective_dim, their
        standard errors (sigma_error, ...), asymmetry and homogeneity; and oracle_cosines and
        oracle_wavelets, factors of fixed bases, where there are any.

        Raises:
            InputError: another suffix, or a file that exists already.
        """
        target = as_path(path)
        check_output(target, overwrite=overwrite, suffixes=SUFFIXES)
        with writing(target) as temporary:
            if target.suffix.lower() == ".npz":
                _write_arrays(temporary, self.basis, self.oracles)
            else:
                temporary.write_text(
                    report(self.document, self.basis, self.oracles), encoding="utf-8"
                )


@checked
def basis(  # noqa: PLR0913 - as many as the command has options
    source: str | Path | Source,
    *,
    model: DenoiserLike = "photo",
    k: int | None = 16,
    sigma: float | None = None,
    noise: float = 0.0,
    crop: int | None = None,
    kind: Kind = "symmetric",
    tolerance: float = TOLERANCE,
    device: str = "auto",
    seed: int = 0,
) -> PictureBasis:
    """Find the eigenvectors of a denoiser's Jacobian at a picture.

    Args:
        source: a picture, taken as noisy unless `noise` is given: a file of pixels, or an npy, npz,
            HDF5 or FITS file with an array; or an array, a tensor or a Pillow picture, as
            `scorelet.tasks.classify_input.pictures` takes one.
        model: path, built-in name or Hub id of a denoiser; or one, or a joint law or a cascade of
            denoisers; or any module or function that maps noisy pictures, (1, channel, height,
            width), to clean ones.
        k, sigma, noise, crop, kind, tolerance, device, seed: see `BasisSettings`.

    For several pictures at once and for maps of other shapes there is `scorelet.jacobian_basis`.

    Raises:
        InputError: options or a model that cannot be used, or an array that is no picture.
        ImageFileError: a file that cannot be read.
    """
    settings = BasisSettings(k, sigma, noise, crop, kind, tolerance, device, seed)
    if isinstance(source, str | Path):
        return basis_of_picture(as_path(source), model, settings)
    name = type(source).__name__
    picture = _of_array(source, name) if isinstance(source, np.ndarray) else one_picture(source)
    return _basis(picture, name, model, settings)


def basis_of_picture(
    source: Path,
    model: DenoiserLike,
    settings: BasisSettings,
    *,
    progress: Progress | None = None,
) -> PictureBasis:
    """Do what `basis` says; `progress` is called with (products, 0)."""
    return _basis(_read(source), str(source), model, settings, progress)


def _read(source: Path) -> Picture:
    file, name = split_name(source)
    if array_suffix(file) is None:
        return read_picture(source)
    return _of_array(np.asarray(read_array(file, name)), source)


def _of_array(array: np.ndarray, source: object) -> Picture:
    """Return the picture of an array, channels last or first, perhaps in a batch of one.

    Whole numbers that are no pixels of 8 or 16 bits, as of many FITS files, keep their unit.
    """
    if array.ndim == 4 and len(array) == 1:
        array = array[0]
    if array.dtype.kind in "biu" and array.dtype not in (np.uint8, np.uint16):
        array = array.astype(np.float32)
    return one_picture(one_with_channels_last(array, source))


@torch.inference_mode(mode=False)
def _basis(
    picture: Picture,
    source: str,
    model: DenoiserLike,
    settings: BasisSettings,
    progress: Progress | None = None,
) -> PictureBasis:
    clean = _image(picture, settings.crop)
    if not clean.isfinite().all():
        raise InputError("The picture holds NaN or infinite numbers.")
    if clean.numel() < 2:
        raise InputError(f"{source} has a single pixel: a basis needs two numbers at least.")
    if settings.k is None and clean.numel() > FULL_UP_TO:
        raise InputError(
            f"All of {clean.numel()} eigenvectors are asked for, and the report has those of "
            f"{FULL_UP_TO} numbers at most: give crop (a square of 16 pixels in colour has 768), "
            "or a number k."
        )
    denoiser = as_denoiser(model, verb="basis", of_channels="it wants {} channels")
    level = settings.sigma if settings.sigma is not None else settings.noise or None
    if level is None and not denoiser.blind:
        raise InputError(
            f"{name_of(model)} needs the noise level of the picture: give sigma, in the shell "
            "--sigma in 8-bit units."
        )
    place = choose_device(settings.device)
    noisy = clean + settings.noise * randn(tuple(clean.shape), rng=generator(settings.seed))
    with evaluated(denoiser.to(place)):
        found = jacobian_basis(
            denoiser,
            noisy.to(place),
            None if settings.k is None else min(settings.k, noisy.numel()),
            level,
            kind=settings.kind,
            tolerance=settings.tolerance,
            seed=settings.seed,
            progress=progress,
        )
    truth = clean if settings.noise else None
    reference = found.denoised.cpu() if truth is None else truth
    oracles = {} if found.sigma is None else _oracles(reference, found.sigma)
    document = _document(source, name_of(model), settings, found) | _errors(found, truth, oracles)
    said = [
        *_changes(picture, clean, settings.crop),
        *([RETURNS_NOISE] if found.returns_noise else []),
        *_warnings(clean, found, settings),
    ]
    return PictureBasis(document | {"warnings": said}, found, oracles)


def _image(picture: Picture, crop: int | None) -> Tensor:
    """Return the picture, or its middle, as (1, channel, height, width) floats.

    What is transparent is white.
    """
    samples = to_unit(on_white(picture).pixels)
    height, width = samples.shape[:2]
    if crop is not None:
        rows, columns = (max(0, (side - crop) // 2) for side in (height, width))
        samples = samples[rows : rows + crop, columns : columns + crop]
    return torch.from_numpy(np.ascontiguousarray(samples.transpose(2, 0, 1), np.float32))[None]


def _oracles(clean: Tensor, sigma: float) -> dict[str, OracleShrinkage]:
    found = {"cosines": oracle_shrinkage(cosine_coefficients(clean), sigma)}
    part = with_levels(clean)
    if levels := wavelet_levels(part):
        height, width = part.shape[-2:]
        of = "" if part.shape == clean.shape else f", of {width}x{height} pixels"
        name = f"wavelets (db4, {counted(levels, 'level')}{of})"
        found[name] = oracle_shrinkage(wavelet_coefficients(part), sigma)
    return found


def _changes(picture: Picture, clean: Tensor, crop: int | None) -> list[str]:
    """Say how the image is another one than the picture, or than what was asked for."""
    said = []
    if picture.alpha is not None and bool((to_unit(picture.alpha) < 1).any()):
        said.append("the picture is transparent in places, which were made white")
    height, width = clean.shape[-2:]
    if crop is not None and min(height, width) < crop:
        said.append(
            f"the picture has no square of {crop} pixels, so {width}x{height} pixels are taken"
        )
    return said


def _warnings(clean: Tensor, found: JacobianBasis, settings: BasisSettings) -> list[str]:
    """Return sentences without a full stop."""
    said = []
    low, high = float(clean.min()), float(clean.max())
    if (most := max(settings.sigma or 0, settings.noise)) > 1 and 0 <= low <= high <= 1:
        said.append(
            f"the level is {most:g}, {most * EIGHT_BIT:g} in 8-bit units, and the picture has "
            "values from 0 to 1: nothing of it is left in such noise (in Python a level of 25 in "
            "8-bit units is 25/255)"
        )
    if not 0 <= float(clean.mean()) <= 1 or high - low > _RANGE:
        said.append(
            f"the picture has values from {low:g} to {high:g}, and models have learnt those from 0 "
            "to 1: bring it there first; levels are in 255ths of its unit"
        )
    if settings.sigma is not None and found.sure is not None and found.sure < 0:
        said.append(
            "the mean square error by SURE is negative, so the picture has less noise than sigma "
            "says: leave sigma out, and the level is found"
        )
    elif settings.sigma is not None and _takes_little(found, settings.sigma):
        said.append(
            "the denoiser takes away far less than it would of noise of the level that sigma says, "
            "so the picture has less: leave sigma out, and the level is found"
        )
    elif found.sure is not None and found.sure_error is not None and found.sure < 0:
        scale = EIGHT_BIT**2 / found.noisy.numel()
        said.append(
            f"the mean square error by SURE is negative, {found.sure * scale:.3g} ± "
            f"{found.sure_error * scale:.3g} (8-bit units²): the true one is small beside its error"
        )
    sought = settings.sigma is None and not settings.noise and min(clean.shape[-2:]) >= FINDABLE
    if sought and (found.sigma or 0) < _HARDLY / EIGHT_BIT:
        near = found.effective_dim > _NEAR * found.noisy.numel()
        factors = ", and its factors are all near 1" if near else ""
        said.append(
            f"the picture has hardly any noise, so a denoiser has nothing to remove{factors}: add "
            "some, with --noise 25"
        )
    elif sought and (reason := _pattern(clean, found)):
        said.append(
            f"the noise that was found may be a pattern of the picture: {reason}; give its level "
            "with --sigma, or to a clean picture add some, with --noise 25"
        )
    return said


def _takes_little(found: JacobianBasis, sigma: float) -> bool:
    """Whether ‖y - f(y)‖² is far below σ² (d - tr J), its mean for the best denoiser."""
    removed = float((found.noisy - found.denoised).double().square().sum())
    return removed < _LITTLE * sigma**2 * (found.noisy.numel() - found.effective_dim)


def _pattern(clean: Tensor, found: JacobianBasis) -> str:
    """Say why the level that was found is hardly one of noise; nothing where it may be."""
    sample = pixels_of(clean)
    if len(np.unique(sample)) <= MOST or few_levels(sample) is not None:
        return "its values lie at few levels"
    if found.sigma is not None and found.sure is not None:
        removed = found.sigma**2 * found.noisy.numel()
        if found.sure > removed:
            return "by SURE, the denoiser makes a larger error than that noise"
    return ""


def _document(
    source: str, model: str, settings: BasisSettings, found: JacobianBasis
) -> dict[str, Any]:
    _, channels, height, width = found.noisy.shape
    return {
        "source": source,
        "model": model,
        "height": height,
        "width": width,
        "channels": channels,
        "k": len(found.values),
        **{name: getattr(settings, name) for name in ("crop", "kind", "tolerance", "seed")},
        "noise_added": settings.noise * EIGHT_BIT,
        "sigma": None if found.sigma is None else found.sigma * EIGHT_BIT,
        "sigma_error": None if found.sigma_error is None else found.sigma_error * EIGHT_BIT,
        "values": found.values.tolist(),
        "residuals": found.residuals.tolist(),
        "effective_dim": found.effective_dim,
        "effective_dim_error": found.effective_dim_error,
        "dimensions": found.noisy.numel(),
        "asymmetry": found.asymmetry,
        "homogeneity": found.homogeneity,
        "products": found.products,
    }


def _errors(
    found: JacobianBasis, clean: Tensor | None, oracles: dict[str, OracleShrinkage]
) -> dict[str, Any]:
    """Return mean square errors for the document; an oracle's is too small without `clean`."""
    square, size = EIGHT_BIT**2, found.noisy.numel()
    true = None if clean is None else float((found.denoised.cpu() - clean).double().square().mean())
    return {
        "mse": None if found.sure is None else found.sure * square / size,
        "mse_error": None if found.sure_error is None else found.sure_error * square / size,
        "true_mse": None if true is None else true * square,
        "oracles": [
            {
                "basis": name,
                "effective_dim": float(o.factors.sum()),
                "mse": None if clean is None else o.error * square / len(o.factors),
            }
            for name, o in oracles.items()
        ],
        "oracle_knows": "the denoised picture" if clean is None else "the clean picture",
    }


def _write_arrays(path: Path, found: JacobianBasis, oracles: dict[str, OracleShrinkage]) -> None:
    """Write what `PictureBasis.save` lists."""
    arrays: dict[str, Any] = {
        "values": found.values.cpu().numpy(),
        "residuals": found.residuals.cpu().numpy(),
        "noisy": pixels_of(found.noisy),
        "denoised": pixels_of(found.denoised),
        "vectors": np.stack([pixels_of(vector) for vector in found.vectors]),
    }
    if found.left is not None:
        arrays["left"] = np.stack([pixels_of(vector) for vector in found.left])
    for name in _NUMBERS:
        value = getattr(found, name)
        arrays[name] = np.nan if value is None else value
    for name, oracle in oracles.items():
        arrays[f"oracle_{name.split()[0]}"] = oracle.factors.numpy()
    with path.open("wb") as stream:  # a path would get a suffix from numpy
        np.savez_compressed(stream, **arrays)
