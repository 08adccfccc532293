"""scorelet basis."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from cyclopts import Parameter, Token

from scorelet.cli.finding import finish
from scorelet.cli.options import DEFAULTS, Flag, PathLike, Shared, Whole, whole


def _count(type_: type, tokens: Sequence[Token]) -> int | None:
    """Turn a word into an integer, or all into None."""
    return None if tokens[0].value == "all" else whole(type_, tokens)


def basis(
    source: PathLike,
    /,
    *,
    output: Annotated[PathLike | None, Parameter(name=["--output", "-o"])] = None,
    model: str = "photo",
    k: Annotated[int | None, Parameter(name=["--k", "-k"], converter=_count)] = 16,
    sigma: float | None = None,
    noise: float = 0.0,
    crop: Whole | None = None,
    kind: Literal["symmetric", "singular"] = "symmetric",
    seed: Whole = 0,
    overwrite: Flag = False,
    shared: Shared = DEFAULTS,
) -> int:
    """Show what a denoiser keeps and removes at one picture.

    Near a picture a denoiser is a linear map. Its eigenvectors are drawn as pictures, with the
    factors by which the denoiser multiplies them: near 1 it keeps them, near 0 it removes them.

    For example:

        scorelet basis examples/noisy.png --crop 64 -o basis.html

        scorelet basis examples/clean/chelsea.png --noise 25 --crop 16 -k all -o all.html

    Args:
        source: a picture, or an npy, npz, HDF5 or FITS file with one.
        output: NAME.html, a report with figures, or NAME.npz, the arrays.
        model: path, built-in name or Hub id of a denoiser.
        k: number of eigenvectors, largest factors first, 512 at most; all: of small pictures, see
            --crop.
        sigma: noise level of the picture, in 8-bit units; found if it is not given.
        noise: white noise of this level is added first, in 8-bit units, for pictures without noise.
        crop: only the middle square of so many pixels; large pictures take minutes, and -k all
            takes 1,024 numbers at most: 32x32 in gray, 18x18 in colour.
        kind: symmetric: eigenvectors of the symmetric part of the linear map; singular: singular
            vectors of the map itself, of changes of the picture.
        seed: of the noise and of the search.
        overwrite: replace an existing file.
    """
    from scorelet.tasks.array_files import check_output
    from scorelet.tasks.basis import (
        SUFFIXES,
        BasisSettings,
        basis_of_picture,
    )
    from scorelet.tasks.basis_report import facts, values_of
    from scorelet.tasks.progress import Bar

    if output is not None:
        check_output(output, overwrite=overwrite, suffixes=SUFFIXES)
    settings = BasisSettings(
        k,
        None if sigma is None else shared.eight_bits(sigma, zero=False),
        shared.eight_bits(noise, "--noise"),
        crop,
        kind,
        device=shared.device,
        seed=seed,
    )
    bar = Bar("products with the Jacobian", 0, quiet=shared.quiet)
    with bar:
        found = basis_of_picture(
            source, model, settings, progress=lambda done, _total: bar.reach(done)
        )
    document = found.document
    text = _as_text(document, facts(document), values_of(document))
    finish(found, text, output, shared, overwrite=overwrite)
    return 0


def _as_text(document: dict[str, Any], facts: dict[str, str], factors: str) -> str:
    wide = max(map(len, [*facts, factors]))
    lines = [f"{document['source']}, seen by {document['model']}"]
    lines += [f"  {name:<{wide}}  {value}" for name, value in facts.items()]
    shown = " ".join(f"{value:.3f}" for value in document["values"][:16])
    more = " ..." if len(document["values"]) > 16 else ""
    return "\n".join([*lines, f"  {factors:<{wide}}  {shown}{more}"])
