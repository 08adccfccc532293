"""Classification-denoising networks: one function of noisy images that labels and denoises.

The same network is trained for both tasks, for labels of clean pictures, for labels of noisy ones,
and for denoising alone, as a UNet and a BF-CNN of its size; a ResNet-18 learns labels of clean
pictures. All see the same pictures for as many steps.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from torch import nn

from scorelet.analysis.robustness.libraries import library
from scorelet.data.labelled import LabelledImages
from scorelet.recipes.base import Findings, Recipe, Setup
from scorelet.recipes.claims import Measured
from scorelet.recipes.steps import Steps
from scorelet.recipes.subjects.classification_denoising import (
    attack_figures,
    costs,
    figures,
    findings,
    measures,
)
from scorelet.recipes.subjects.classification_denoising.claims import claims
from scorelet.recipes.subjects.classification_denoising.networks import (
    ALONE,
    BF_CNN,
    DENOISER,
    JOINT,
    LABELLING,
    LINEAR,
    RESNET,
    Networks,
    step_word,
)
from scorelet.recipes.subjects.classification_denoising.quantities import quantities
from scorelet.recipes.subjects.classification_denoising.settings import (
    SETTINGS,
    SIGMAS,
    Attacks,
    Settings,
)

_DENSITIES = (0.0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5)
_LEVEL = 0.1


def run(settings: Settings, seed: int, steps: Steps) -> Findings:
    """Train the networks, measure them."""
    library("pyautoattack")  # said before the work
    networks = Networks(settings, steps, seed=seed)
    joints = {name: networks.joints(name) for name in LABELLING}
    labelling = joints | {RESNET: networks.classifiers()}
    direct = {name: networks.denoisers(name) for name in (DENOISER, BF_CNN)}
    denoising = {JOINT: joints[JOINT], ALONE: networks.joints(ALONE)} | direct
    models = labelling | denoising
    attacked = networks.test.first(settings.attacks.images)
    labelled = _by_seed(steps, "labels", labelling, partial(_labels, networks))
    denoised = _by_seed(steps, "denoising", denoising, partial(_errors, networks))
    denoised[LINEAR] = [{"direct": steps("denoising-linear", partial(_linear, networks))}]
    robust = _by_seed(
        steps,
        "attacks",
        joints,
        lambda _, joint: measures.robust(joint, attacked, settings.attacks, seed),
    )
    strongest = _by_seed(
        steps,
        "apgd",
        joints,
        lambda _, joint: measures.strongest(joint, attacked, settings.attacks, seed),
    )
    others = _others(networks, joints, attacked)
    measured = findings.labels(labelled) | findings.denoising(denoised)
    measured |= findings.attacks(strongest)
    measured |= _of_joint(networks, models)
    joint = joints[JOINT][0]
    density = steps(
        "densities", partial(measures.densities, joint, networks.test.first(200), _DENSITIES)
    )
    radius = settings.attacks.decisive["l2"]
    spent = costs.rows(*_costs(networks, models), networks.epoch)
    sections = [
        figures.labels_section(labelled),
        figures.denoising_section(denoised),
        attack_figures.attacks_section(robust, strongest, others, settings.attacks),
        figures.explained_section(joint, networks.test, radius),
        figures.density_section(_DENSITIES, density),
        costs.section(spent, settings.chain),
    ]
    tables = {
        "labels": figures.label_rows(labelled),
        "denoising": figures.denoising_rows(denoised),
        "robust": attack_figures.robust_rows(robust, strongest, others, settings.attacks),
        "costs": spent,
        "parameters": [
            {"network": name, "parameters": _count(each[0])} for name, each in models.items()
        ],
    }
    return Findings(settings.pictures(), measured, sections, tables)


def _by_seed(
    steps: Steps,
    what: str,
    models: Mapping[str, Sequence[Any]],
    measure: Callable[[str, Any], Any],
) -> dict[str, list[Any]]:
    """Measure each model of each name, as a step of its own."""
    return {
        name: [
            steps(f"{what}-{step_word(name)}-{k}", partial(measure, name, model))
            for k, model in enumerate(each)
        ]
        for name, each in models.items()
    }


def _count(model: nn.Module) -> int:
    return sum(p.numel() for p in model.parameters())


def _labels(networks: Networks, name: str, model: Any) -> Any:  # noqa: ANN401 - JSON
    return measures.labelling(model, networks.test, figures.LEVELS)


def _errors(networks: Networks, name: str, model: Any) -> Any:  # noqa: ANN401 - JSON
    images = networks.test.first(networks.settings.denoised)
    if name == JOINT:
        return measures.denoising(model, images, SIGMAS)
    denoiser = model.denoiser() if name == ALONE else model
    return {"direct": measures.direct(denoiser, images, SIGMAS)}


def _linear(networks: Networks) -> list[list[float]]:
    images = networks.test.first(networks.settings.denoised)
    return measures.linear(networks.train, images, SIGMAS)


def _costs(
    networks: Networks, models: Mapping[str, Sequence[Any]]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what steps of training cost, and answers."""
    steps = networks.steps
    trained = {
        name: steps(f"cost-step-{step_word(name)}", partial(costs.training, networks, name))
        for name in (*models, costs.LANGEVIN)
    }
    answered = {
        name: steps(f"cost-answers-{step_word(name)}", partial(costs.answers, networks, model))
        for name, (model, *_) in models.items()
    }
    return trained, answered


def _others(
    networks: Networks, joints: Mapping[str, Sequence[Any]], images: LabelledImages
) -> dict[str, dict[str, list[Any]]]:
    """Return what attacks leave that do not follow the gradient of a network, of first seeds."""
    settings, seed = networks.settings.attacks, networks.seed
    first = {name: each[:1] for name, each in joints.items()}
    found = {
        "Square": _by_seed(
            networks.steps,
            "square",
            first,
            lambda _, joint: measures.without_gradient(joint, images, settings, seed),
        )
    }
    for source, (other, *_) in joints.items():
        work = partial(_transferred, other, images, settings, seed)
        shown = {name: each for name, each in first.items() if name != source}
        step = f"transfer-{step_word(source)}"
        found[f"transfer from {source}"] = _by_seed(networks.steps, step, shown, work)
    return found


def _transferred(
    source: Any,  # noqa: ANN401 - a joint law
    images: LabelledImages,
    settings: Attacks,
    seed: int,
    _name: str,
    joint: Any,  # noqa: ANN401 - likewise
) -> Any:  # noqa: ANN401 - JSON
    return measures.transferred(joint, source, images, settings, seed)


def _of_joint(networks: Networks, models: Mapping[str, Sequence[Any]]) -> dict[str, Measured]:
    """Return what is measured of the joint network alone, and asymmetries of both denoisers."""
    settings, steps = networks.settings, networks.steps
    images, grid = networks.test.first(settings.denoised), measures.grid(settings)
    own = {JOINT: models[JOINT]}
    told = _by_seed(
        steps, "information", own, lambda _, joint: measures.denoising(joint, images, grid)
    )
    slow = _by_seed(steps, "slow", own, lambda _, joint: measures.slow_shares(joint, images))
    joint = models[JOINT][0]
    exact = steps("identities", partial(measures.identities, joint, images, _LEVEL))
    skew = {
        name: steps(f"asymmetry-{name}", partial(measures.asymmetry, model, images, _LEVEL))
        for name, model in ((JOINT, joint.denoiser()), (DENOISER, models[DENOISER][0]))
    }
    numbers = images.channels * images.size[0] * images.size[1]
    return (
        findings.information(told[JOINT], grid, numbers)
        | findings.smoother(slow[JOINT])
        | {
            "mixture identity": Measured(exact["mixture"]),
            "attack identity": Measured(exact["attack"]),
            "joint asymmetry": Measured(skew[JOINT]),
            "direct asymmetry": Measured(skew[DENOISER]),
        }
    )


RECIPE: Recipe[Any] = Recipe(
    subject="classification_denoising",
    title="One network labels, denoises and resists",
    paper="Thiry, Guth: Classification-Denoising Networks. 2024, arXiv 2410.03505.",
    summary=(
        "A network that models log p(y, c) of a noisy image y and its class c labels by a softmax "
        "and denoises by the gradient of a log-sum-exp. Trained for both, it labels noisy "
        "pictures, denoises with or without knowing the class, and an attack on it is a "
        "difference of two denoisers."
    ),
    setups={scale: Setup(each, claims(scale, each)) for scale, each in SETTINGS.items()},
    run=run,
    measures=quantities,
)
