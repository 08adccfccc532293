"""Joint laws of images and classes: a network, how logits are made of it, and names of classes."""

import math

from scorelet.models import Classifier, Denoiser, NetworkJointEnergy
from scorelet.models.joint_heads import known_head
from scorelet.zoo.kind import Header, Kind, Tensors, Verbs
from scorelet.zoo.parts import below, describe_network, rebuild_network

PIXELS = "pixels"
"""Before the names of the tensors of a law of pixels, with a dot."""


def describe(joint: NetworkJointEnergy) -> tuple[Header, Tensors]:
    """Return what made it, without the network, and weights; the law of pixels is among them."""
    header, tensors = describe_network(joint.network)
    if joint.pixels is not None:
        tensors |= {f"{PIXELS}.{name}": t for name, t in joint.pixels.state_dict().items()}
    return header | {
        "classes": list(joint.classes),
        "size": None if joint.size is None else list(joint.size),
        "fit": joint.fit,
        "head": joint.head,
        "least": joint.least,
        "most": None if math.isinf(joint.most) else joint.most,
        "label_level": joint.label_level,
        "denoises": joint.denoises,
        "classifies": joint.classifies,
        "mean": joint.mean.tolist(),
        "variance": float(joint.variance),
    }, tensors


def build(header: Header, tensors: Tensors) -> NetworkJointEnergy:
    """Return the joint law, in evaluation mode."""
    names = ("head", "mean", "variance", "least", "size", "fit")
    law = below(PIXELS, tensors)
    weights = {name: t for name, t in tensors.items() if not name.startswith(f"{PIXELS}.")}
    return NetworkJointEnergy(
        rebuild_network(header, weights),
        list(header["classes"]),
        pixels=known_head(header["head"]).rebuilt(**law) if law else None,
        label_level=header.get("label_level"),  # files of before have none
        denoises=header.get("denoises", True),
        classifies=header.get("classifies", True),
        most=header.get("most") or math.inf,
        **{name: header[name] for name in names},
    ).eval()


def verbs(header: Header, _tensors: Tensors) -> Verbs:
    """Return what the shell does with a law, and with one that has learnt one half only."""
    labels = ("classify", "robust", "evaluate")
    denoising = ("denoise", "restore", "sample", "basis", "audit")
    if not header.get("denoises", True):
        return labels
    if not header.get("classifies", True):
        return (*denoising, "evaluate")
    return (*labels, "explain-attack", *denoising)


KIND = Kind(
    "joint-energy",
    NetworkJointEnergy,
    describe,
    build,
    verbs=verbs,
    title="joint law",
    views={Classifier: NetworkJointEnergy.classifier, Denoiser: NetworkJointEnergy.denoiser},
)
