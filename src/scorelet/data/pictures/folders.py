"""The pictures of a folder, and what else lies there."""

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from scorelet.core.errors import InputError
from scorelet.core.paths import as_path
from scorelet.core.words import counted
from scorelet.data.pictures.formats import heic
from scorelet.data.pictures.formats.libraw import INSTALL
from scorelet.data.pictures.kinds import (
    READ_SUFFIXES,
    is_heic_name,
    is_picture_name,
    is_raw_name,
)

_NAMED = 3  # of what was skipped or cannot be read, in a sentence


class PictureWarning(UserWarning):
    """A picture cannot be read: it is left out, or another one is shown in its place."""


@dataclass(frozen=True)
class FolderContents:
    """What lies in a folder; hidden files and folders do not count.

    Args:
        pictures: files with a picture's suffix, sorted.
        skipped: all other files, and links to folders, sorted.
    """

    pictures: tuple[Path, ...]
    skipped: tuple[Path, ...]


def list_folder(folder: str | os.PathLike[str], *, recursive: bool = True) -> FolderContents:
    """Find the pictures of a folder by their names, and what is left out; links to folders are.

    Args:
        folder: where to look.
        recursive: whether to look into folders inside it, too.

    Raises:
        InputError: `folder` is empty or no folder.
    """
    folder = as_path(os.fspath(folder), name="folder")
    if not folder.is_dir():
        raise InputError(f"{folder} is no folder; expected a folder with pictures: check the path.")
    files = sorted(
        path
        for path in (folder.rglob("*") if recursive else folder.glob("*"))
        if not any(part.startswith(".") for part in path.relative_to(folder).parts)
        and (not os.path.isdir(path) or (recursive and os.path.islink(path)))
    )
    pictures = tuple(path for path in files if is_picture_name(path) and os.path.isfile(path))
    known = frozenset(pictures)
    return FolderContents(pictures, tuple(path for path in files if path not in known))


def find_pictures(folder: str | os.PathLike[str], *, recursive: bool = True) -> list[Path]:
    """Sorted paths of the files with a picture's suffix, in any case; hidden ones are skipped.

    Args:
        folder: where to look.
        recursive: whether to look into folders inside it, too.

    Raises:
        InputError: there is none, or `folder` is no folder.
    """
    return list(pictures_and_others(folder, recursive=recursive).pictures)


def pictures_and_others(
    folder: str | os.PathLike[str], *, recursive: bool = True
) -> FolderContents:
    """Return what `list_folder` finds, if there is a picture.

    Raises:
        InputError: as `find_pictures`.
    """
    contents = list_folder(folder, recursive=recursive)
    if not contents.pictures:
        others = f" ({skipped_sentence(contents.skipped)})" if contents.skipped else ""
        raise InputError(
            f"{folder} contains no pictures{others}; expected files that end in "
            f"{', '.join(READ_SUFFIXES)}: choose another folder."
        )
    return contents


def left_out_of(folder: Path) -> list[str]:
    """Say what of a folder is left out, without a full stop; nothing if nothing is."""
    skipped = list_folder(folder).skipped
    return [f"in {folder}, {skipped_sentence(skipped)}"] if skipped else []


def broken_sentence(broken: Sequence[tuple[Path, str]], total: int) -> str:
    """Count and name the pictures that were left out, with the reason of the first.

    Args:
        broken: files, each with a sentence that says why it cannot be used; one at least.
        total: how many were tried.

    >>> from pathlib import Path
    >>> from scorelet.data.pictures.folders import broken_sentence
    >>> broken_sentence([(Path("in/a.png"), "in/a.png is empty.")], 3)
    '1 of 3 pictures was left out (in/a.png): in/a.png is empty.'
    """
    names = ", ".join(f"{path.parent.name}/{path.name}" for path, _ in broken[:_NAMED])
    more = f" and {len(broken) - _NAMED} more" if len(broken) > _NAMED else ""
    verb = "was" if len(broken) == 1 else "were"
    return f"{len(broken)} of {total} pictures {verb} left out ({names}{more}): {broken[0][1]}"


def skipped_sentence(skipped: Sequence[Path]) -> str:
    """Count and name what was left out: files, links to folders or to nowhere, devices and pipes.

    >>> from pathlib import Path
    >>> from scorelet.data.pictures.folders import skipped_sentence
    >>> skipped_sentence([Path("in/a.jxl"), Path("in/b.JXL"), Path("in/c.gif")])
    '3 files are of no kind that is read: 2 .jxl, 1 .gif (a.jxl, b.JXL, c.gif)'
    """
    linked = [path for path in skipped if os.path.isdir(path)]
    lost = [path for path in skipped if os.path.islink(path) and not os.path.exists(path)]
    special = [path for path in skipped if _is_special(path)]
    others = {*linked, *lost, *special}
    files = [path for path in skipped if path not in others]
    said = []
    if files:
        said.append(_of_no_kind(files))
    if linked:
        what, it = ("folder is", "it") if len(linked) == 1 else ("folders are", "them")
        said.append(f"{len(linked)} linked {what} not looked into ({_named(linked)}): name {it}")
    if lost:
        what = "link leads" if len(lost) == 1 else "links lead"
        said.append(f"{len(lost)} {what} nowhere ({_named(lost)})")
    if special:
        what = "is a device or a pipe" if len(special) == 1 else "are devices or pipes"
        said.append(f"{len(special)} {what} ({_named(special)})")
    return "; ".join(said)


def beside_sentence(pictures: Sequence[Path]) -> str:
    """Count and name the pictures that lie beside folders of classes, and belong to none.

    >>> from pathlib import Path
    >>> from scorelet.data.pictures.folders import beside_sentence
    >>> beside_sentence([Path("in/a.png")])
    '1 picture beside the folders of classes is left out (a.png)'
    """
    verb = "is" if len(pictures) == 1 else "are"
    count = counted(len(pictures), "picture")
    return f"{count} beside the folders of classes {verb} left out ({_named(pictures)})"


def _is_special(path: Path) -> bool:
    """Whether there is something at a path that is neither a file nor a folder."""
    return os.path.exists(path) and not (os.path.isfile(path) or os.path.isdir(path))


def _of_no_kind(skipped: Sequence[Path]) -> str:
    kinds = Counter(path.suffix.lower() or "without a suffix" for path in skipped)
    counted = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())
    verb = "file is" if len(skipped) == 1 else "files are"
    raw = "; camera raw files need " + INSTALL if any(map(is_raw_name, skipped)) else ""
    phone = "; HEIC pictures need " + heic.INSTALL if any(map(is_heic_name, skipped)) else ""
    what = f"{counted} ({_named(skipped)})"
    return f"{len(skipped)} {verb} of no kind that is read: {what}{raw}{phone}"


def _named(paths: Sequence[Path]) -> str:
    names = ", ".join(path.name for path in paths[:_NAMED])
    return names + (f" and {len(paths) - _NAMED} more" if len(paths) > _NAMED else "")
