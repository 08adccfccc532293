"""Which array of a file is meant: the one that was named, or the only one."""

from pathlib import Path

from scorelet.core.errors import InputError


def choose(
    file: Path,
    names: list[str],
    name: str | None,
    *,
    shown: list[str] | None = None,
    sizes: dict[str, int] | None = None,
) -> str:
    """Return the array that was asked for, or the only one.

    Args:
        file: for messages.
        names: of the arrays.
        name: that was asked for.
        shown: how the arrays are listed, if not by name.
        sizes: how many numbers each has; the largest is the example of a choice.
    """
    if name in names:
        return name
    if name is None and len(names) == 1:
        return names[0]
    listed = ", ".join(shown or names)
    if not names:
        raise InputError(f"{file} holds no array of numbers with two or more dimensions.")
    if name is None:
        example = max(reversed(names), key=lambda n: (sizes or {}).get(n, 0))
        raise InputError(
            f"{file} holds {len(names)} arrays: {listed}; choose one, as {file}:{example}."
        )
    raise InputError(f"{file} holds no array {name!r}: choose from {listed}.")


def _numbers(kinds: dict[str, str]) -> list[str]:
    return [name for name, kind in kinds.items() if kind and kind in "fciu"]


def choose_grid(file: Path, kinds: dict[str, str], sizes: dict[str, int]) -> str:
    """Return the only array of numbers, or the only mask where there are no numbers.

    A mask beside numbers has to be spoken of: nobody applies it.

    Args:
        file: for messages.
        kinds: of the numbers of each array, see `np.dtype.kind`; empty if it has not the dimensions
            of fields.
        sizes: as of `choose`.
    """
    names = _numbers(kinds)
    masks = [n for n, kind in kinds.items() if kind == "b"]
    if len(names) == 1 and masks:
        raise InputError(
            f"{file} holds {names[0]} and the mask {masks[0]}, which is not applied: take all "
            f"pixels as {file}:{names[0]}, write NaN into the masked ones, or give the mask to "
            f"`field fit` as --mask {file}:{masks[0]}."
        )
    return choose(file, names or masks, None, sizes=sizes)
