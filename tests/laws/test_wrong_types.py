"""Whatever is given for an option of a public function, a wrong type is one sentence."""

import inspect

import numpy as np
import pytest
import torch

import scorelet as sl
from scorelet import wavelets
from scorelet.core.errors import ScoreletError

BYTES = np.full((16, 16), 100, np.uint8)
NET = torch.nn.Linear(2, 2)
CALLS = {
    "audit": (sl.audit, {"data": "nothing.npz"}),
    "basis": (sl.basis, {"source": "nothing.png"}),
    "jacobian_basis": (sl.jacobian_basis, {"f": NET, "y": torch.zeros(1, 2), "k": 1}),
    "denoise": (sl.denoise, {"source": BYTES}),
    "classify": (sl.classify, {"source": "a.png", "model": "none.safetensors"}),
    "evaluate": (sl.evaluate, {"data": "nothing"}),
    "explain_attack": (sl.explain_attack, {"source": "a.png", "model": "none.safetensors"}),
    "fisher": (sl.fisher, {"data": "nothing", "model": "photo"}),
    "fisher_profile": (sl.fisher_profile, {"net": NET, "data": (np.eye(2), [0, 1])}),
    "load": (sl.load, {}),
    "noise": (sl.noise, {"source": BYTES}),
    "reproduce": (sl.reproduce, {"subject": "nothing"}),
    "restore": (sl.restore, {"source": BYTES, "task": "superres"}),
    "robust": (sl.robust, {"data": "nothing", "model": "photo"}),
    "sample": (sl.sample, {"model": "none.safetensors"}),
    "save": (sl.save, {"model": NET, "path": "m.safetensors"}),
    "scatter": (sl.scatter, {"paths": "nothing", "output": "s.npz"}),
    "train": (sl.train, {"config": "nothing.yaml"}),
    "field.certify": (sl.field.certify, {"model": "none.safetensors"}),
    "field.compare": (sl.field.compare, {"data": "a.npy", "other": "b.npy"}),
    "field.fit": (sl.field.fit, {"data": "a.npy", "output": "m.safetensors"}),
    "field.sample": (
        sl.field.sample,
        {"model": "none.safetensors", "count": 2, "output": "o.npy"},
    ),
    "field.simulate": (
        sl.field.simulate,
        {"name": "nothing", "count": 2, "output": "o.npy", "size": 8},
    ),
    "FieldModel": (sl.FieldModel, {}),
    "FieldModel.load": (sl.FieldModel.load, {"path": "none.safetensors"}),
    "FieldModel.sample": (sl.FieldModel().sample, {"n": 2}),
    "FieldModel.coarsen": (sl.FieldModel().coarsen, {"x": np.zeros((2, 8, 8)), "octaves": 1}),
    "weights.compare": (sl.weights.compare, {"model": NET, "other": NET, "data": "nothing"}),
    "weights.resample": (sl.weights.resample, {"model": NET, "data": "nothing"}),
    "weights.spectrum": (sl.weights.spectrum, {"model": "none.safetensors"}),
    "Scattering2d": (wavelets.Scattering2d, {"J": 2}),
    "OrthogonalWavelet": (wavelets.OrthogonalWavelet, {}),
    "MorletTransform2d": (wavelets.MorletTransform2d, {}),
    "Normalization": (wavelets.Normalization, {"convention": "unit", "levels": 2}),
    "ScatteringCovariance": (wavelets.ScatteringCovariance, {}),
    "morlet_bank": (wavelets.morlet_bank, {"shape": (8, 8), "scales": 1}),
    "half_octave_bank": (wavelets.half_octave_bank, {"shape": (8, 8)}),
    "orthogonal_filters": (wavelets.orthogonal_filters, {"name": "db2"}),
    "scattering_paths": (wavelets.scattering_paths, {"scales": 2, "angles": 2, "order": 2}),
}
OPTIONS = [(call, name) for call in CALLS for name in inspect.signature(CALLS[call][0]).parameters]
WRONG = [1j, b"x", object(), {1, 2}, print.__self__, torch.zeros(2, 2), ["x", None]]


def test_all_verbs_are_among_them():
    verbs = {name for name in sl.__all__ if inspect.isfunction(getattr(sl, name))}
    verbs |= {f"field.{name}" for name in sl.field.__all__}
    verbs |= {f"weights.{name}" for name in sl.weights.__all__}
    assert verbs - {"score", "field.list"} <= set(CALLS)  # a bare formula, and nothing to give


@pytest.mark.parametrize(("call", "option"), OPTIONS)
def test_a_wrong_type_is_one_sentence(call, option, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    function, arguments = CALLS[call]
    for wrong in WRONG[: 5 if option in ("source", "y") else None]:  # a tensor is a picture
        with pytest.raises(ScoreletError) as caught:
            function(**{**arguments, option: wrong})
        text = str(caught.value)
        assert "\n" not in text
        assert text.endswith(".")
        assert len(text) < 400
    assert not list(tmp_path.iterdir())
