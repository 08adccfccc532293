"""Arrays at the door: whatever users hold becomes a plain array that compiled code may touch.

Compiled kernels take addresses. A subclass that changes what indexing means (``np.matrix``),
swapped bytes, strides or read-only memory would make them read or write the wrong places.
"""

import os
import sys
from typing import Any

import numpy as np

from scorelet.core.errors import InputError

_PLAIN_MODES = ("L", "LA", "RGB", "RGBA", "I;16", "I", "F")
_WITH_ALPHA = {"1": "LA", "L": "LA", "P": "RGBA", "RGB": "RGBA"}
_CONVERTED_MODES = {"1": "L", "P": "RGB", "PA": "RGBA", "RGBX": "RGB", "La": "LA", "RGBa": "RGBA"}
_CONVERTED_MODES |= {"I;16B": "I;16", "I;16L": "I;16", "I;16N": "I;16"}


def plain_array(x: Any, *, what: str = "array") -> np.ndarray:  # noqa: ANN401 - the door
    """Return numbers as a plain array: base class, native byte order, C order, writable.

    An array that is plain already comes back itself, without a copy.

    Args:
        x: a NumPy array or a subclass of it (matrix, memmap, masked array), a torch tensor on any
            device, a Pillow picture, or nested lists. Masked values of floating point become NaN.
            bfloat16 becomes float32. A Pillow picture becomes (height, width[, channels]);
            palettes become RGB; one with a transparent colour gets opacity (LA, RGBA).
        what: it is, for messages.

    Returns:
        The same values in the same shape; booleans, integers, floating point or complex numbers.

    Raises:
        InputError: no numbers, as of bytes or paths, masked integers, or a picture in CMYK and the
            like.

    Example:
        >>> import numpy as np
        >>> from scorelet.core.arrays import plain_array
        >>> plain_array(np.zeros((2, 3)).T).flags.c_contiguous
        True
    """
    if type(x) is np.ndarray and _is_plain(x):
        return x
    array = np.asarray(_numbers(x, what))
    if isinstance(x, bytes | bytearray) or (array.dtype == object and array.ndim == 0):
        raise InputError(
            f"The {what} is {type(x).__name__}: expected an array, a tensor or a Pillow picture, "
            "as PIL.Image.open makes of a file in memory."
        )
    if isinstance(x, list | tuple) and x and isinstance(x[0], str | os.PathLike):
        raise InputError(
            f"The {what} is a list of paths or texts: give one at a time, or the folder of them."
        )
    if array.dtype.kind not in "biufc":
        raise InputError(
            f"The {what} holds {array.dtype.name or array.dtype} entries; expected numbers: "
            "convert it with .astype first."
        )
    if not array.dtype.isnative:
        array = array.astype(array.dtype.newbyteorder("="))
    return np.require(array, requirements=["C", "A", "W", "E"])


def _is_plain(x: np.ndarray) -> bool:
    flags = x.flags
    whole = flags.c_contiguous and flags.aligned and flags.writeable
    return bool(whole and x.dtype.isnative and x.dtype.kind in "biufc")


def _numbers(x: Any, what: str) -> Any:  # noqa: ANN401
    """Turn what is no array into one; heavy packages are looked at only if somebody loaded them."""
    torch, pillow = sys.modules.get("torch"), sys.modules.get("PIL.Image")
    if torch is not None and isinstance(x, torch.Tensor):
        return _from_tensor(x, torch)
    if pillow is not None and isinstance(x, pillow.Image):
        return _from_picture(x)
    if isinstance(x, np.ma.MaskedArray):
        return _unmasked(x, what)
    if isinstance(x, np.ndarray):
        return x
    try:
        return np.asarray(x)
    except (ValueError, TypeError, RuntimeError) as error:
        raise InputError(
            f"The {what} is a {type(x).__name__} that is no table of numbers; expected an array, a "
            "tensor or a picture: convert it with numpy.array first."
        ) from error


def _from_tensor(x: Any, torch: Any) -> np.ndarray:  # noqa: ANN401
    dense = x.detach().to_dense() if x.layout != torch.strided else x.detach()
    wide = dense.float() if dense.dtype == torch.bfloat16 else dense
    return wide.resolve_conj().resolve_neg().cpu().numpy()


def _from_picture(x: Any) -> np.ndarray:  # noqa: ANN401
    mode = x.mode
    if mode in _WITH_ALPHA and "transparency" in x.info:
        return np.array(x.convert(_WITH_ALPHA[mode]))
    if mode in _PLAIN_MODES:
        return np.array(x)
    if mode not in _CONVERTED_MODES:
        raise InputError(
            f"The picture is in {mode}; expected gray, RGB or a palette: convert it with "
            ".convert('RGB') first."
        )
    return np.array(x.convert(_CONVERTED_MODES[mode]))


def _unmasked(x: np.ma.MaskedArray, what: str) -> np.ndarray:
    count = int(np.ma.count_masked(x))
    if count == 0:
        return np.asarray(x.data)
    if x.dtype.kind not in "fc":
        raise InputError(
            f"The {what} is masked at {count} of {x.size} places and holds {x.dtype.name}, which "
            "cannot say so; expected all values: use .filled(value), or .astype('float32')."
        )
    return x.filled(np.nan)
