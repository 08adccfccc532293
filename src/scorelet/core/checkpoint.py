"""Safe, atomic checkpoints: safetensors with a JSON header, never a pickle.

A checkpoint carries what is needed to build its object again: ``kind`` and ``options``, beside
tensors. Its header entry ``scorelet`` is one JSON document, whose end is a checksum of the whole.
"""

import json
import zlib
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from scorelet.core.errors import CheckpointError, one_line
from scorelet.core.files import atomic_path, check_regular

HEADER = "scorelet"
SAME = "scorelet-same"
"""Entry of the names whose tensors are those of other names."""
CHECKSUM = "crc32"
"""Last entry of the document, a checksum of tensors and header; files from before there was one
lack it. It is not beside the document: entries of safetensors have no order."""
STATE_KIND = "training-state"
"""What `kind` begins with in the state of a training run, which is no model; a version follows."""
_LFS = b"version https://git-lfs.github.com/spec/v1"


def save_tensors(path: str | Path, tensors: dict[str, Tensor], header: dict[str, Any]) -> None:
    """Write tensors and a JSON-serialisable header to `path`, whole or not at all.

    Tensors of several names that are the same memory are written once.

    Raises:
        InputError: `path` is a device or a pipe.
        CheckpointError: it cannot be written.
    """
    same = _same(tensors)
    plain = {k: _plain(t) for k, t in tensors.items() if k not in same}
    metadata = {HEADER: json.dumps(header)} | ({SAME: json.dumps(same)} if same else {})
    metadata[HEADER] = json.dumps(header | {CHECKSUM: _checksum(plain, metadata)})
    try:
        with atomic_path(Path(path)) as temporary:
            save_file(plain, temporary, metadata=metadata)
    except (OSError, SafetensorError) as error:
        reason = getattr(error, "strerror", None) or one_line(error)
        raise CheckpointError(f"Cannot write the checkpoint {path}: {reason}.") from error


def load_tensors(
    path: str | Path,
    *,
    device: torch.device | str = "cpu",
    remedy: str = "fetch or copy it again",
) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Read the tensors and the header of a checkpoint.

    Args:
        path: the file.
        device: of the tensors.
        remedy: what the user is to do with a damaged one.

    Raises:
        CheckpointError: missing, not readable, damaged, or not safetensors (pickles are never
            opened).
    """
    path = Path(path)
    try:
        _refuse_unsafe(path, remedy)
        with safe_open(path, framework="pt", device=str(device)) as stream:
            metadata = stream.metadata() or {}
            header = json.loads(metadata.get(HEADER, "{}"))
            if not isinstance(header, dict):
                raise ValueError(f"its entry {HEADER} is no mapping")
            found = {name: stream.get_tensor(name) for name in stream.keys()}  # noqa: SIM118
            known = header.pop(CHECKSUM, None)
            if known not in (None, _checksum(found, metadata | {HEADER: json.dumps(header)})):
                raise ValueError("its checksum is another than when it was written")
            return found | _again(found, json.loads(metadata.get(SAME, "{}"))), header
    except CheckpointError:
        raise
    except (FileNotFoundError, NotADirectoryError):
        raise CheckpointError(f"There is no checkpoint {path}: check the path.") from None
    except IsADirectoryError:
        raise CheckpointError(
            f"{path} is a folder; expected a .safetensors file: name {_weights_in(path)}."
        ) from None
    except PermissionError as error:
        raise CheckpointError(
            f"{path} may not be read (permission denied): change its permissions."
        ) from error
    except (SafetensorError, OSError, ValueError) as error:
        raise CheckpointError(
            f"{path} is damaged or is not a safetensors file ({one_line(error)}): {remedy}."
        ) from error


def _plain(t: Tensor) -> Tensor:
    return t.detach().cpu().resolve_conj().resolve_neg().contiguous()


def _checksum(tensors: dict[str, Tensor], metadata: dict[str, str]) -> str:
    """Return the CRC-32 of names, types, shapes and bytes, and of what the header says."""
    value = zlib.crc32(json.dumps([metadata.get(name) for name in (HEADER, SAME)]).encode())
    for name, t in sorted(tensors.items()):
        value = zlib.crc32(f"{name} {t.dtype} {tuple(t.shape)}".encode(), value)
        value = zlib.crc32(t.cpu().reshape(-1).view(torch.uint8).numpy(), value)
    return str(value)


def _same(tensors: dict[str, Tensor]) -> dict[str, str]:
    """Return the first name of each tensor that has had a name before."""
    first: dict[tuple[Any, ...], str] = {}
    found = {}
    for name, t in tensors.items():
        place = (t.data_ptr(), t.dtype, t.shape, t.stride(), t.device)
        if t.numel() and first.setdefault(place, name) != name:
            found[name] = first[place]
    return found


def _again(tensors: dict[str, Tensor], same: dict[str, str]) -> dict[str, Tensor]:
    """Return tensors under their further names.

    Raises:
        ValueError: names that the file does not hold.
    """
    if not isinstance(same, dict) or not all(first in tensors for first in same.values()):
        raise ValueError(f"its entry {SAME} names tensors that it does not hold")
    return {name: tensors[first] for name, first in same.items()}


def _weights_in(folder: Path) -> str:
    found = sorted(folder.glob("*.safetensors"))
    weights = [path for path in found if path.stem != "state"]  # of an unfinished training run
    usual = [path for path in weights if path.stem == "weights"]  # of a run that also kept its best
    return str((usual or weights or found)[0]) if found else "a file in it"


def _refuse_unsafe(path: Path, remedy: str) -> None:
    """Refuse a pickle, an empty file, and the stand-in that Git LFS leaves for a large file."""
    if not path.is_dir():  # a folder gets a sentence of its own
        check_regular(path, what="a checkpoint", error=CheckpointError)
    with path.open("rb") as stream:
        first = stream.read(len(_LFS))
    if not first:
        raise CheckpointError(f"{path} is damaged (it has 0 bytes): {remedy}.")
    if first == _LFS:
        raise CheckpointError(
            f"{path} is a pointer of Git LFS and not the weights themselves: run git lfs pull."
        )
    if _is_pickle(first):
        refuse_program(path)
        raise CheckpointError(
            f"{path} is a pickle, which can run any code when opened; expected a safetensors file: "
            "ask its author for one. The commands weights, fisher, robust and evaluate take files "
            "of torch, too, with --arch; what others take scorelet.save has written."
        )


def refuse_program(path: Path) -> None:
    """Refuse an archive that holds a program beside its weights.

    Raises:
        CheckpointError: it does.
    """
    try:
        with ZipFile(path) as archive:
            names = [name.partition("/")[2] for name in archive.namelist()]
    except (BadZipFile, OSError, ValueError, NotImplementedError):  # a pickle by itself, or damaged
        return
    if "archive_format" in names:
        raise CheckpointError(
            f"{path} is an exported program; expected weights alone, as safetensors: where you "
            "trust it, load it in Python by torch.export, and give the module that it holds."
        )
    if any(name.startswith("code/") for name in names):
        raise CheckpointError(
            f"{path} is a TorchScript program; expected weights alone, as safetensors: give the "
            "module that it was made from in Python, or its weights."
        )


def is_safetensors(path: Path) -> bool:
    """Whether a file begins as safetensors does, whatever its name."""
    with path.open("rb") as stream:
        first = stream.read(9)
    return first[8:] == b"{" and int.from_bytes(first[:8], "little") < path.stat().st_size


def _is_pickle(first: bytes) -> bool:
    """Zip archives and bare pickles are the two forms that torch.save has written.

    A safetensors file starts with the length of its JSON in 8 bytes, which can look like either
    (a length of 640 is 80 02 00 ...); its ninth byte is the brace that opens the JSON.
    """
    marks = (b"PK", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")
    return first[:2] in marks and first[8:9] != b"{"
