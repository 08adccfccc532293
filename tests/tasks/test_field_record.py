"""The record of a saved model of fields: what is missing or out of range is one sentence."""

import pytest

import scorelet as sl
from scorelet.core.checkpoint import load_tensors, save_tensors
from scorelet.core.errors import CheckpointError
from scorelet.zoo import locate_weights


def damaged(path, place, value):
    """Write the built-in model with another entry at a place of its record; None: without it."""
    tensors, header = load_tensors(locate_weights("phi4"))
    *keys, last = (int(key) if key.isdigit() else key for key in place.split("."))
    section = header["record"]
    for key in keys:
        section = section[key]
    if value is None:
        del section[last]
    else:
        section[last] = value
    save_tensors(path, tensors, header)


STORED = {"height": 64, "stored": "eJxjYAACAAAEAAE="}  # two amplitudes
FILTER = {"frequencies": [0.1, 0.2], "log_gains": [0.0, 1.0]}
POWERS = {"mean": 0.0, "count": 100, "window": "none"}
FAULTS = [
    ("field.deviation", None, "field.deviation: Field required"),
    ("field.deviation", -0.9, "field.deviation: Input should be greater than 0 (got -0.9)"),
    ("field.mean", "0", "field.mean: Input should be a valid number (got '0')"),
    ("field.mean", float("nan"), "field.mean: Input should be a finite number"),
    ("field.size", [65, 64], "bands have the sizes 2x2, 4x4, 8x8, 16x16, 32x32, 64x64, and the"),
    ("field.size", [64], "field.size: List should have at least 2 items"),
    ("field.border", "mirror", "bands have the sizes"),
    ("field.border", "cut", "field.border: Input should be 'periodic', 'mirror' or 'window'"),
    ("field.transform", "asinh", "field: expected parameters of an asinh where, and only where"),
    ("field.prewhitening", {"height": 64, "stored": "x"}, "field.prewhitening holds no amplitudes"),
    ("field.prewhitening", STORED, "holds no amplitudes for fields of 64x64 pixels"),
    ("field.quantiles", {"fields": [0.0, 1.0], "drawn": [1.0, 1.0]}, "numbers that rise"),
    ("field.samples_filter", FILTER | {"log_gains": [0.0]}, "expected as many gains"),
    ("field.samples_filter", FILTER | {"log_gains": [0.0, 1000.0]}, "than or equal to 80"),
    ("field.samples_filter", FILTER | {"frequencies": [0.2, 0.1]}, "frequencies that rise"),
    ("field.samples_filter", FILTER, "a filter of samples of prewhitened fields only"),
    ("field.powers", POWERS | {"powers": {"rows": {}}}, "field.powers.powers.rows.mean: Field req"),
    ("family", None, "family: Field required"),
    ("family.wavelet", 4, "family.wavelet: Input should be a valid string (got 4)"),
    ("family.bands", "octaves", "bands='octaves': use octave"),
    ("chains.steps", 0, "chains.steps: Input should be greater than or equal to 1 (got 0)"),
    ("chains.schedules.2", None, "chains.schedules has 5 entries for 6 energies"),
    ("chains.schedules.0.epsilons", [], "epsilons: List should have at least 1 item"),
    ("chains.schedules.0.epsilons.1", -1.0, "schedules.0.epsilons.1: Input should be greater"),
    ("bands.0", None, "bands have the sizes 4x4, 8x8, 16x16, 32x32, 64x64, and the energies 2x2"),
    ("bands.3.potential.v", [0.0], "bands.3.potential: expected as many places, values and errors"),
    ("bands.3.excess", None, "bands.3.excess: Field required"),
    ("certificate.bands.5.size", [32, 64], "certificate.bands have the sizes"),
    ("certificate.bands.0.alpha_uniform", None, "certificate.bands.0.alpha_uniform: Field req"),
    ("certificate.verdict", "Certified", "certificate.verdict: Extra inputs are not permitted"),
]


@pytest.mark.parametrize(("place", "value", "words"), FAULTS)
def test_a_damaged_record_is_one_sentence(tmp_path, place, value, words):
    path = tmp_path / "m.safetensors"
    damaged(path, place, value)
    with pytest.raises(CheckpointError) as refused:
        sl.FieldModel.load(path)
    text = str(refused.value)
    assert text.startswith(f"The record in {path} is damaged: ")
    assert words in text
    assert text.endswith(".")
    assert "\n" not in text


def test_entries_that_older_versions_did_not_write_may_be_missing(tmp_path):
    path = tmp_path / "m.safetensors"
    for place in ("field.border", "field.asinh", "field.kurtosis", "certificate.transform"):
        damaged(path, place, None)
        assert sl.FieldModel.load(path).size == (64, 64)
