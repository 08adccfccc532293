"""The verb explain-attack: why a joint law of images and classes falls for an attack."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from scorelet.analysis.robustness import (
    ATTACKS,
    AttackExplanation,
    AttackSetup,
    check_level,
    explain,
    known_norm,
)
from scorelet.core.brief import Brief
from scorelet.core.copying import copied
from scorelet.core.device import choose_device, in_precision
from scorelet.core.errors import InputError
from scorelet.core.network import unwrapped
from scorelet.core.options import check_types, checked
from scorelet.core.paths import as_path
from scorelet.core.typing import Logits
from scorelet.data import read_picture
from scorelet.models import NetworkJointEnergy, class_labels
from scorelet.plots.attack_explained import Panel, attack_figure
from scorelet.plots.figures import plain_texts
from scorelet.tasks.array_files import check_output, writing
from scorelet.tasks.classify_input import RANGE, Source, one_picture, prepared
from scorelet.tasks.picture_arrays import pixels_of
from scorelet.tasks.ready_classifier import check_answers
from scorelet.tasks.robust.words import level_text, radius_text
from scorelet.zoo import load_as

SUFFIXES = (".png", ".pdf", ".svg")
_DPI = 150


@dataclass(frozen=True, repr=False)
class ExplainedAttack(Brief):
    """An attack on a picture, explained.

    Attributes:
        document: for JSON: source (its class where it was in memory), model, norm, eps and sigma
            (of pictures in [0, 1]), label, taken_for and found (what the model says before and
            after), rival (the most probable other class after it), broken (right before, and not
            after), changed (whether the attack has changed a pixel), probability_before and
            probability_after (of the label), alignment (cosine between the attack and D_u -
            D_label; None where nothing was changed), slow_share (of the energy of D_label - D_u, at
            the lowest quarter of the frequencies) and notes on how the picture was read.
        images: what it was made from.
        file: that was read; None: what was given was in memory.
    """

    document: dict[str, Any]
    images: AttackExplanation
    file: Path | None = None

    def save(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Draw it: NAME.png, NAME.pdf or NAME.svg.

        Raises:
            InputError: another suffix, or a file that exists already.
        """
        target = as_path(path)
        check_output(target, overwrite=overwrite, suffixes=SUFFIXES, source=self.file)
        names = (self.document[name] for name in ("label", "rival", "taken_for", "found"))
        figure = attack_figure(attack_panels(self.images, *names), _title(self.document))
        plain_texts(figure)
        with writing(target) as temporary:
            figure.savefig(temporary, format=target.suffix.lower()[1:], dpi=_DPI)


@checked
@torch.inference_mode(mode=False)
def explain_attack(  # noqa: PLR0913 - as many as the command has options
    source: str | Path | Source,
    *,
    model: str | Path | nn.Module,
    label: int | str | None = None,
    norm: str = "linf",
    eps: float = 2 / 255,
    sigma: float | None = None,
    attack: str = "pgd",
    steps: int = 40,
    restarts: int = 1,
    seed: int = 0,
    device: str = "auto",
) -> ExplainedAttack:
    """Attack a picture, and show that the attack follows a difference of two denoisers.

    The gradient of log p(c | y) is (D_c - D_u) / σ², where D_c denoises images of class c and D_u
    those of any class.

    Args:
        source: path of a picture; or one in memory, as `classify` takes it.
        model: path, built-in name or Hub id of a joint law of images and classes; or one.
        label: name or number of its class; None takes the one that the model finds most probable.
        norm: linf or l2.
        eps: radius of the ball, in the unit of pictures with values in [0, 1].
        sigma: noise level at which the model reads the picture, in [0, 1]; None: that at which it
            labels, as in `classify`.
        attack: pgd, apgd, autoattack or square.
        steps, restarts, seed: see `RobustSettings`.
        device: auto, cpu, cuda or mps.

    Raises:
        InputError: a picture or options that cannot be used, a model that is no joint law.
        ImageFileError: a picture that cannot be read.
        MissingExtraError: pyautoattack or foolbox is not installed.
    """
    if sigma is not None:
        check_level("sigma", sigma)
    _check_attack(attack)
    joint = in_precision(_joint(model), choose_device(device), torch.float32)
    joint.eval().requires_grad_(False)
    classifier = joint.classifier()
    file = as_path(source) if isinstance(source, str | Path) else None
    x, notes = prepared(one_picture(source) if file is None else read_picture(file), classifier)
    if beyond := [note.text for note in notes if note.kind == RANGE]:
        raise InputError(f"{file or 'The picture'} {beyond[0]}.")
    x = classifier.fitted(x.to(joint.mean.device)).clamp(0, 1)
    level = joint.clean_level if sigma is None else sigma
    number = _number(label, joint, _logits(joint, x, level))
    setup = AttackSetup(norm=known_norm(norm), steps=steps, restarts=restarts, seed=seed)
    labels = torch.tensor([number], device=x.device)
    found = explain(joint, x, labels, sigma=level, eps=eps, name=attack, setup=setup)
    _check_denoised(found)
    before, after = int(found.taken[0]), int(found.found[0])
    changed = not torch.equal(found.clean, found.attacked)
    document = {
        "source": _name(source),
        "model": _name(model),
        "norm": norm,
        "eps": eps,
        "sigma": found.sigma,
        "label": joint.classes[number],
        "found": joint.classes[after],
        "rival": joint.classes[int(found.rival[0])],
        "taken_for": joint.classes[before],
        "broken": before == number and after != number,
        "changed": changed,
        "probability_before": float(found.before[0]),
        "probability_after": float(found.after[0]),
        "alignment": float(found.alignment[0]) if changed else None,
        "slow_share": float(found.slow_share[0]),
        "notes": [note.text for note in notes],
    }
    return ExplainedAttack(document, found, file)


def _name(given: object) -> str:
    return str(given) if isinstance(given, str | Path) else type(given).__name__


def _check_attack(name: str) -> None:
    names = [known for known, kind in ATTACKS.items() if not kind.nearest]
    if name not in names:
        raise InputError(
            f"explain-attack has no attack {name!r}: use {', '.join(names[:-1])} or {names[-1]}, "
            "which keep within eps."
        )


def _joint(model: str | Path | nn.Module) -> NetworkJointEnergy:
    if isinstance(model, str | Path):
        joint = load_as(NetworkJointEnergy, model, verb="explain-attack")
        joint.denoiser()  # refuses one that has learnt labels only
        return joint
    joint = unwrapped(model)
    check_types({"model": joint}, {"model": str | Path | NetworkJointEnergy})
    joint.denoiser()
    return copied(joint)


@torch.no_grad()
def _logits(joint: NetworkJointEnergy, x: Tensor, sigma: float) -> Logits:
    """Return the logits of a picture; those that say no label are refused."""
    logits = joint.class_logits(x, max(sigma, joint.least))
    check_answers(logits)
    return logits


def _number(label: int | str | None, joint: NetworkJointEnergy, logits: Logits) -> int:
    if label is None:
        return int(logits.argmax())
    return int(class_labels(label, logits, classes=joint.labels, names=joint.classes)[0])


def _check_denoised(found: AttackExplanation) -> None:
    """Refuse denoisings that are NaN or infinite, as of a law whose energy is."""
    images = (found.difference, found.marginal, found.conditional, found.other)
    if not all(bool(x.isfinite().all()) for x in images):
        raise InputError(
            "The model's denoised pictures are NaN or infinite: look for such numbers in its "
            "weights, and for products beyond its dtype."
        )


def _title(document: dict[str, Any]) -> str:
    within = f"within {radius_text(document['eps'], document['norm'])} in {document['norm']}"
    level = f"at noise level {level_text(document['sigma'])}"
    return f"{Path(document['model']).name}, attacked {within}, {level}"


def attack_panels(
    images: AttackExplanation, label: str, rival: str, taken: str, found: str
) -> tuple[tuple[Panel, ...], ...]:
    """Return the panels that explain an attack on the first image.

    Args:
        images: of the explanation.
        label, rival, taken, found: names of its classes.
    """
    clean, attacked, marginal, conditional, other = (
        pixels_of(x)
        for x in (
            images.clean,
            images.attacked,
            images.marginal,
            images.conditional,
            images.other,
        )
    )

    def said(of_label: Tensor, surest: str, place: int) -> str:
        text = f"p({label}) = {float(of_label[0]):.2f}"
        other = f"\np({surest}) = {float(images.surest[0, place]):.2f}"
        return text if surest == label else text + other

    return (
        (
            Panel(clean, f"picture\n{said(images.before, taken, 0)}"),
            Panel(attacked, f"attacked\n{said(images.after, found, 1)}"),
            Panel(attacked - clean, "the attack", signed=True),
            Panel(
                -pixels_of(images.difference),
                f"picture, denoised:\nany class less {label}",
                signed=True,
            ),
        ),
        (
            Panel(marginal, "attacked, denoised\nas of any class"),
            Panel(conditional, f"as {label}"),
            Panel(other, f"as {rival}"),
            Panel(other - conditional, f"attacked, denoised:\n{rival} less {label}", signed=True),
        ),
    )
