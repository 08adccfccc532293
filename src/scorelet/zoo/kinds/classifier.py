"""Classifiers: a network, the names of its classes, and how pictures are brought to it."""

from scorelet.models import Classifier
from scorelet.zoo.kind import Header, Kind, Tensors
from scorelet.zoo.parts import describe_network, rebuild_network


def describe(classifier: Classifier) -> tuple[Header, Tensors]:
    """Return {architecture, options, classes, size, fit} and the weights."""
    header, tensors = describe_network(classifier.network)
    size = None if classifier.size is None else list(classifier.size)
    names = list(classifier.classes)
    return header | {"classes": names, "size": size, "fit": classifier.fit}, tensors


def build(header: Header, tensors: Tensors) -> Classifier:
    """Return the classifier; it takes the channel counts that its network takes."""
    network = rebuild_network(header, tensors)
    size = header["size"]
    return Classifier(network, list(header["classes"]), size=size, fit=header["fit"]).eval()


KIND = Kind(
    "classifier",
    Classifier,
    describe,
    build,
    verbs=("classify", "fisher", "robust", "evaluate"),
)
