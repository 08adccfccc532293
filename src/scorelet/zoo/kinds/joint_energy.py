"""Joint laws of images and classes: a network, how logits are made of it, and names of classes."""

from scorelet.models import Classifier, Denoiser, NetworkJointEnergy
from scorelet.zoo.kind import Header, Kind, Tensors
from scorelet.zoo.parts import describe_network, rebuild_network


def describe(joint: NetworkJointEnergy) -> tuple[Header, Tensors]:
    """Return {architecture, options, classes, size, fit, head, least, mean, variance}, weights."""
    header, tensors = describe_network(joint.network)
    return header | {
        "classes": list(joint.classes),
        "size": None if joint.size is None else list(joint.size),
        "fit": joint.fit,
        "head": joint.head,
        "least": joint.least,
        "mean": joint.mean.tolist(),
        "variance": float(joint.variance),
    }, tensors


def build(header: Header, tensors: Tensors) -> NetworkJointEnergy:
    """Return the joint law, in evaluation mode."""
    names = ("head", "mean", "variance", "least", "size", "fit")
    return NetworkJointEnergy(
        rebuild_network(header, tensors),
        list(header["classes"]),
        **{name: header[name] for name in names},
    ).eval()


KIND = Kind(
    "joint-energy",
    NetworkJointEnergy,
    describe,
    build,
    verbs=("classify", "denoise", "robust", "evaluate"),
    views={Classifier: NetworkJointEnergy.classifier, Denoiser: NetworkJointEnergy.denoiser},
)
