"""What is worth saying about a file that was read, although it was read well."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

DEPTH, LEFT_OUT, NO_DATA, UNDECLARED = "depth", "left out", "no data", "undeclared"
OPACITY, METADATA, WHITE = "opacity", "metadata", "white"
_DIFFER = (DEPTH, METADATA)  # kinds whose texts differ in more than sizes and counts
_SAID = 5  # of their texts


@dataclass(frozen=True)
class Note:
    """One remark on a page.

    Args:
        kind: `DEPTH`, `LEFT_OUT`, `NO_DATA`, `UNDECLARED`, `OPACITY`, `METADATA` or `WHITE`;
            remarks of one kind are said once.
        text: continues a sentence that starts with the name of the file; no full stop.
    """

    kind: str
    text: str


def depth_note(before: str, after: str) -> Note:
    """The samples of the file are stored otherwise than those that will be written."""
    return Note(DEPTH, f"has {before}; results have {after}")


def scaled_notes(bits: int) -> tuple[Note, ...]:
    """Samples of so many bits were scaled to 16; nothing of 8 and 16, which stay."""
    return () if bits in (8, 16) else (depth_note(f"{bits}-bit samples", "16-bit ones, scaled"),)


def left_out(count: int | None = None) -> Note:
    """The file holds so many pictures more than are read; None: it is not known how many."""
    if count is None:
        return Note(LEFT_OUT, "holds more pictures than the first, which are left out")
    if count == 1:
        return Note(LEFT_OUT, "holds 1 more picture, which is left out")
    return Note(LEFT_OUT, f"holds {count} more pictures, which are left out")


def sentences(found: Iterable[tuple[Path, Note]]) -> list[str]:
    """Say each kind of remark once: about the first file that has it, and how many more have it.

    Of what results have otherwise, or not at all, each text is a kind; many are counted.

    >>> from pathlib import Path
    >>> from scorelet.data.pictures.notes import depth_note, sentences
    >>> note = depth_note("4-bit samples", "8-bit ones")
    >>> sentences([(Path("a.png"), note), (Path("b.png"), note), (Path("b.png"), note)])
    ['a.png has 4-bit samples; results have 8-bit ones (1 more file is alike).']
    """
    by_kind: dict[str, dict[str, dict[Path, Note]]] = {}
    for path, note in found:
        text = note.text if note.kind in _DIFFER else ""
        by_kind.setdefault(note.kind, {}).setdefault(text, {}).setdefault(path, note)
    return [sentence for texts in by_kind.values() for sentence in _of_kind(texts)]


def kept_sentences(found: Iterable[tuple[Path, Mapping[str, str]]]) -> list[str]:
    """Return `sentences` of notes as reports keep them, {kind, text}."""
    return sentences((path, Note(**note)) for path, note in found)


def _of_kind(texts: dict[str, dict[Path, Note]]) -> Iterator[str]:
    for files in islice(texts.values(), _SAID):
        yield _sentence(files)
    rest = len(texts) - _SAID
    if rest > 0:
        yield f"{rest} more remark{'s' * (rest > 1)} of the last kind: --json has them all."


def _sentence(files: dict[Path, Note]) -> str:
    path, note = next(iter(files.items()))
    more = len(files) - 1
    verb = "is" if more == 1 else "are"
    alike = f" ({more} more file{'s' * (more > 1)} {verb} alike)" if more else ""
    return f"{path} {note.text}{alike}."
