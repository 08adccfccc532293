"""Models as files: what they hold says which kind of model they are."""

from pathlib import Path
from typing import Any

from torch import Tensor

from scorelet.core.checkpoint import STATE_KIND, load_tensors, save_tensors
from scorelet.core.errors import CheckpointError, InputError, one_line
from scorelet.core.network import unwrapped
from scorelet.core.options import checked
from scorelet.core.paths import as_path
from scorelet.zoo.kind import Header, Kind, Tensors, kind_named, kind_of

FORMAT = 1
"""Of the files that are written; files from before it was counted have none."""


@checked
def save(model: object, path: str | Path) -> None:
    """Write a model to a ``.safetensors`` file, whole or not at all; `load` gives it back.

    Tensors keep their dtype. Weights of a network may be stored in half precision
    (``save(copy.deepcopy(model).half(), path)``) and become float32 when they are loaded.

    Args:
        model: of a registered kind: a denoiser, a classifier, or what `register` has added; also
            within `torch.compile` or `DataParallel`.
        path: target; a file that is there is replaced.

    Raises:
        InputError: the model is of no registered kind, some of its numbers are NaN or on the
            device meta, or `path` is empty, a device or a pipe.
        CheckpointError: the file cannot be written.
    """
    model = unwrapped(model)
    kind = kind_of(model)
    header, tensors = kind.describe(model)
    if name := next((name for name, tensor in tensors.items() if tensor.is_meta), None):
        raise InputError(
            f"{name} of the model has no numbers, on the device meta: load the weights first."
        )
    if name := _nan_in(tensors):
        raise InputError(
            f"The model has NaN in {name}, as after a training that diverged: it is not written."
        )
    save_tensors(as_path(path), tensors, {"kind": kind.name, "format": FORMAT, **header})


def read_model(path: Path) -> Any:  # noqa: ANN401 - of any kind
    """Return the model of a file, in evaluation mode, on the CPU.

    Raises:
        CheckpointError: missing, damaged, with NaN, a pickle, of a newer version, of an unknown
            kind, or with a part missing.
    """
    return build(path, *open_model(path))


def open_model(path: Path) -> tuple[Kind[Any], Header, Tensors]:
    """Return the kind, the header and the tensors of a file, without building the model.

    Raises:
        CheckpointError: as `read_model`, but not for what does not fit together.
    """
    tensors, header = load_tensors(path)
    written = header.get("format", FORMAT)
    if not isinstance(written, int) or written > FORMAT:
        raise CheckpointError(
            f"{path} was written by a newer version of scorelet (format {written}, this one reads "
            f"up to {FORMAT}): upgrade scorelet."
        )
    kind = _kind(path, header)
    if name := _nan_in(tensors):
        raise CheckpointError(
            f"{path} has NaN in {name}, as after a training that diverged: take earlier weights."
        )
    return kind, header, tensors


def build(path: Path, kind: Kind[Any], header: Header, tensors: Tensors) -> Any:  # noqa: ANN401
    """Return the model of `open_model`'s answer.

    Raises:
        CheckpointError: header and tensors do not fit together, or something is missing.
    """
    try:
        return kind.build(header, tensors)
    except KeyError as error:
        raise CheckpointError(
            f"{path} does not fit this version of scorelet: it has no entry {error}."
        ) from error
    except (ArithmeticError, IndexError, RuntimeError, TypeError, ValueError) as error:
        raise CheckpointError(
            f"{path} does not fit this version of scorelet: {one_line(error).removesuffix('.')}."
        ) from error


def _nan_in(tensors: Tensors) -> str | None:
    """Return the name of a tensor that has NaN in it; None if there is none."""
    return next((name for name, tensor in tensors.items() if _has_nan(tensor)), None)


def _has_nan(tensor: Tensor) -> bool:
    """Whether a number is NaN; sums tell of most tensors that none is, ten times as fast."""
    if not (tensor.is_floating_point() or tensor.is_complex()) or tensor.itemsize < 2:
        return False
    return bool(tensor.sum().isnan()) and bool(tensor.isnan().any())


def _kind(path: Path, header: Header) -> Kind[Any]:
    name = header.get("kind")
    if name is None:
        raise CheckpointError(
            f"{path} holds tensors but does not say of which kind of model: expected a file that "
            "scorelet.save has written. The commands weights, fisher, robust and evaluate take "
            "tensors alone, with --arch."
        )
    if str(name).startswith(STATE_KIND):
        raise CheckpointError(
            f"{path} is the state of a training run, which only --resume takes: name the weights "
            "beside it."
        )
    try:
        return kind_named(name)
    except ValueError as error:
        raise CheckpointError(
            f"{path} holds a model of {error}: upgrade scorelet, or import the program that "
            "registers it (in the shell with --import FILE.py)."
        ) from None
