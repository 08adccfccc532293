"""Evaluate joint laws of images and classes: as classifiers of clean pictures."""

from pathlib import Path
from typing import Any

from scorelet.models import NetworkJointEnergy
from scorelet.tasks.evaluate.classifiers import measure_classifier
from scorelet.tasks.evaluate.measure import EvaluateSettings, measure


@measure.register(NetworkJointEnergy)
def measure_joint(
    joint: NetworkJointEnergy, data: str | Path, settings: EvaluateSettings
) -> dict[str, Any]:
    """Return what `measure_classifier` does, of p(c | x) without noise."""
    return measure_classifier(joint.classifier(), data, settings)
