"""scorelet explain-attack."""

from typing import Annotated, Any, Literal

from cyclopts import Parameter

from scorelet.cli.options import DEFAULTS, Flag, Fractions, PathLike, Shared, Whole, number


def explain_attack(
    source: PathLike,
    /,
    *,
    model: str,
    output: Annotated[PathLike | None, Parameter(name=["--output", "-o"])] = None,
    label: str | None = None,
    norm: Literal["linf", "l2"] = "linf",
    eps: Fractions = "2/255",
    sigma: float | None = None,
    attack: str = "pgd",
    steps: Whole = 40,
    restarts: Whole = 1,
    seed: Whole = 0,
    overwrite: Flag = False,
    shared: Shared = DEFAULTS,
) -> int:
    """Attack a picture, and show that the attack is a difference of two denoisers.

    A model that knows images and classes together denoises pictures as of one class, and as of any.
    An attack moves from the first towards the second; both are drawn beside it. Needs
    pip install 'scorelet[attacks]'.

    For example:

        scorelet explain-attack examples/clean/chelsea.png --model cifar10-joint -o why.png

    Args:
        source: a picture.
        model: path, built-in name (cifar10-joint) or Hub id of a joint law, as `scorelet train`
            makes with `task: joint`.
        output: NAME.png, NAME.pdf or NAME.svg, the drawing.
        label: its class; the most probable one if left out.
        norm: linf bounds the change of each pixel, l2 that of the whole picture.
        eps: radius, of pictures with values in [0, 1]; 2/255 is two steps of 8 bits.
        sigma: noise level at which the model reads the picture, in 8-bit units; that at which it
            labels clean pictures if left out.
        attack: pgd, apgd, autoattack or square.
        steps: of pgd and apgd.
        restarts: random places from which these begin.
        seed: of these.
        overwrite: replace an existing file.
    """
    from scorelet.core.errors import InputError
    from scorelet.tasks.array_files import check_output
    from scorelet.tasks.explain_attack import SUFFIXES
    from scorelet.tasks.explain_attack import explain_attack as run

    if sigma is not None and not 0 < sigma <= 255:
        raise InputError(f"--sigma is {sigma:g}: give a level above 0, up to 255, in 8-bit units.")
    if output is not None:
        check_output(output, overwrite=overwrite, suffixes=SUFFIXES, source=source)
    found = run(
        source,
        model=model,
        label=label,
        norm=norm,
        eps=number(eps, "--eps"),
        sigma=None if sigma is None else shared.eight_bits(sigma),
        attack=attack,
        steps=steps,
        restarts=restarts,
        seed=seed,
        device=shared.device,
    )
    if output is not None:
        found.save(output, overwrite=overwrite)
    shared.show(found.document, _as_text(found.document))
    if output is not None:
        shared.say(f"-> {output}")
    return 0


def _as_text(document: dict[str, Any]) -> str:
    from scorelet.tasks.robust.words import level_text, radius_text

    label, found = document["label"], document["found"]
    lines = [f"{document['source']} {note}." for note in document["notes"]]
    alignment = document["alignment"]
    level = f"at noise level {level_text(document['sigma'])}"
    right = document["taken_for"] == label
    if not document["changed"]:
        taken = f"which the model takes for {document['taken_for']} as it is, so that"
        nothing = "there is nothing to attack"
        became = "the attack changed nothing" if right else f"{taken} {nothing}"
    elif not right:
        became = f"which the model takes for {document['taken_for']} as it is; attacked {found}"
    else:
        became = (
            f"the model takes the attacked picture for {found}"
            if document["broken"]
            else "and stays so when it is attacked"
        )
    cosine = "" if alignment is None else f"its cosine with the attack is {alignment:.3f}, "
    return "\n".join(
        [
            *lines,
            f"{document['source']}: {label}, {became} ({level})",
            f"  p({label})   {document['probability_before']:.4f} -> "
            f"{document['probability_after']:.4f}, within "
            f"{radius_text(document['eps'], document['norm'])} in {document['norm']}",
            f"  difference of the denoisers: {cosine}{100 * document['slow_share']:.0f} % of its "
            "energy lies at low frequencies",
        ]
    )
