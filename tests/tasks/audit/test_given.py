"""Models and training sets that are given to an audit, and what they must not be."""

import numpy as np
import pytest
import torch

import scorelet as sl
from samples import Answering, write_png
from scorelet.analysis.memorization import wiener_filter
from scorelet.core.errors import InputError
from scorelet.core.random import generator
from scorelet.models import FiniteSetDenoiser
from scorelet.tasks.audit import AuditSettings, Told, audit_models
from scorelet.tasks.picture_arrays import images_of
from smooth_pictures import finite, floats, law_denoiser, pictures


def test_models_and_pictures_that_cannot_be_used(arrays, tmp_path):
    a, b, new = arrays
    models = [finite(a), finite(b)]
    with pytest.raises(InputError, match="an audit compares two"):
        sl.audit(new, models=models[:1])
    with pytest.raises(InputError, match="one for each of two"):
        sl.audit(new, models=models, train=[a])
    with pytest.raises(InputError, match="give models"):
        sl.audit(new, train=[a, b])
    with pytest.raises(InputError, match="20 pictures of the first training set are in the second"):
        sl.audit(new, models=models, train=[a, a], samples=0)
    with pytest.raises(InputError, match="Different and in no training set: 0 of 20 pictures"):
        sl.audit(a, models=models, train=[a, b], samples=0)
    np.save(tmp_path / "small.npy", pictures(5, side=10))
    with pytest.raises(InputError, match=r"10x10 pixels.*have 12x12"):
        sl.audit(new, models=models, train=[a, tmp_path / "small.npy"], samples=0)
    with pytest.raises(InputError, match="takes a denoiser"):
        sl.audit(new, models=["cifar10-scattering", "photo"], samples=0)


def test_one_model_given_twice_is_refused(arrays):
    a, _, new = arrays
    model = finite(a)
    for models in ([model, model], ["photo", "photo"], [a, a]):
        with pytest.raises(InputError, match="given twice"):
            sl.audit(new, models=models, samples=0)


def test_training_sets_in_the_other_order_are_refused(arrays):
    """Whose models would seem to have learned too little."""
    a, b, new = arrays
    models = [finite(a), finite(b)]
    with pytest.raises(InputError, match=r"dB better than their own.*in the other order"):
        sl.audit(new, models=models, train=[b, a], samples=0)
    sl.audit(new, models=models, train=[a, b], samples=0)


@pytest.mark.parametrize("place", [0, 1])
def test_the_other_order_is_refused_if_a_single_model_memorises(arrays, place):
    """It brings back the other's set far better; the other model shows which set is harder."""
    sets = arrays[:2]
    models = [law_denoiser(), law_denoiser()]
    models[place] = finite(sets[place])
    sl.audit(arrays[2], models=models, train=sets, samples=0)
    with pytest.raises(InputError, match=r"dB better than their own.*in the other order"):
        sl.audit(arrays[2], models=models, train=sets[::-1], samples=0)


def test_a_harder_training_set_is_not_the_other_order(arrays, tmp_path):
    """Both models bring back one set far better, as its pictures have less contrast."""
    a, b, new = arrays
    np.save(tmp_path / "pale.npy", (127 + (np.load(b) - 127.0) / 8).astype(np.uint8))
    models = [law_denoiser(), law_denoiser()]
    warnings = sl.audit(new, models=models, train=[a, tmp_path / "pale.npy"], samples=0).document
    assert not any("order" in said for said in warnings["warnings"])


def test_models_of_other_channels_name_the_option(arrays):
    colour, gray = (FiniteSetDenoiser(torch.rand(4, c, 12, 12)) for c in (3, 1))
    colour.channels, gray.channels = (3,), (1,)
    with pytest.raises(InputError, match="does not take gray pictures: give --channels 3"):
        audit_models(arrays[2], [gray, colour], AuditSettings(samples=0, held_out=4))
    with pytest.raises(InputError, match="does not take pictures in colour: give --channels 1"):
        audit_models(arrays[2], [colour, gray], AuditSettings(samples=0, held_out=4, channels=3))


def test_networks_that_return_the_noise_are_not_judged(arrays):
    """They know their pictures by heart; what has learned nothing is no such network."""
    a, b, new = arrays
    ours = [finite(a), finite(b)]
    noise = [Answering(lambda y, f=f: y - f(y, 0.3)) for f in ours]
    for options in ({"train": [a, b]}, {}):
        with pytest.raises(InputError, match=r"Answering seems to return the noise: .*y - f\(y\)"):
            sl.audit(new, models=noise, samples=0, **options)
    for share in (0.05, 0.2, 0.4, 0.6, 0.8, 1.0):
        nothing = [Answering(lambda y, share=share: share * y) for _ in range(2)]
        found = sl.audit(new, models=nothing, samples=0, train=[a, b]).document
        assert found["rows"][0]["verdict"] == "undertrained"


@pytest.mark.parametrize("share", [0.9, 1.0])
def test_weak_networks_of_dark_pictures_do_not_pass_for_noise(tmp_path, share):
    """Where black is nearer to the pictures than what is shown."""
    dark = tmp_path / "dark.npy"
    np.save(dark, (0.2 * pictures(20, seed=0)).astype(np.uint8))
    weak = [Answering(lambda y: share * y) for _ in range(2)]
    found = sl.audit(dark, models=weak, samples=0).document
    assert found["rows"][0]["verdict"] == "undertrained"


@pytest.mark.slow
def test_answers_in_another_unit_are_said(arrays):
    """Not that a linear filter does better alone."""
    models = [law_denoiser(), law_denoiser()]
    functions = [lambda y, f=f: 255 * f(y, 0.3) for f in models]
    warnings = sl.audit(arrays[2], models=functions, samples=0).document["warnings"]
    assert sum("lie far outside of [0, 1]" in text for text in warnings) == 2
    warnings = sl.audit(arrays[2], models=models, samples=0).document["warnings"]
    assert not any("far outside" in text for text in warnings)


def test_pictures_in_memory_are_those_of_a_file(arrays):
    """Of 8 bits as files hold them, floats with channels first."""
    a, b, new = arrays
    models = [finite(a), finite(b)]
    expected = sl.audit(new, models=models, train=[a, b], samples=2).document
    loaded = [np.load(path) for path in (a, b, new)]
    floats = [torch.from_numpy(array)[:, None].float() / 255 for array in loaded]
    for first, second, fresh in (loaded, floats, [x.double().numpy() for x in floats]):
        found = sl.audit(fresh, models=models, train=[first, second], samples=2).document
        assert found == expected | {"data": "in memory"}
    for array, words in (
        (np.zeros((4, 5, 12, 12)), r"The array has the shape \(4, 5, 12, 12\): expected pictures"),
        (255 * floats[2], r"The array has values from .*: expected floats in \[0, 1\]"),
    ):
        with pytest.raises(InputError, match=words):
            sl.audit(array, models=models)
    with pytest.raises(InputError, match="An array has pictures of 10x10 pixels, the held-out"):
        sl.audit(new, models=models, train=[a, pictures(5, side=10)])


def test_files_left_out_of_training_sets_are_warnings(arrays, tmp_path):
    a, _, new = arrays
    for k, picture in enumerate(pictures(20, seed=1)):
        write_png(tmp_path / f"b/{k:02}.png", picture[..., None])
    (tmp_path / "b/03.png").write_bytes(b"")
    told = []
    settings = AuditSettings(samples=0, held_out=4)
    models = [finite(a), FiniteSetDenoiser(images_of(pictures(20, seed=1)[..., None]))]
    found = audit_models(
        new, models, settings, train=[a, tmp_path / "b"], told=Told(left_out=told.append)
    )
    (warning,) = found.document["warnings"]
    assert warning.startswith("1 of 20 pictures was left out (b/03.png): ")
    assert told == [warning]


@pytest.mark.parametrize(("rough", "kind"), [(True, "harder"), (False, "easier")])
def test_held_out_pictures_of_another_kind_are_said(rough, kind):
    """Linear filters that know no picture have a gap, too, and so has each of the other's."""
    smooth = [floats(60, seed=s) for s in range(3)]
    noise = [0.5 + 0.2 * torch.randn(60, 1, 12, 12, generator=generator(s)) for s in range(3)]
    (a, b, _), (*_, new) = (smooth, noise) if rough else (noise, smooth)
    models = [wiener_filter(a), wiener_filter(b)]
    told = {"models": models, "train": [x.clip(0, 1) for x in (a, b)], "samples": 0}
    found = sl.audit(new.clip(0, 1), **told).document
    (said,), (row,) = found["warnings"], found["rows"]
    assert f"another kind than training pictures ({kind})" in said
    assert [one["held_out_are"] for one in row["each"]] == [kind, kind]
    assert [one["known"] for one in row["each"]] == [None, None]
    assert row["verdict"] == "same function"
    assert found["conclusion"].endswith("of one kind of pictures, with held-out ones of that kind.")
    usual = smooth[2] if rough else noise[2]
    assert sl.audit(usual.clip(0, 1), **told).document["warnings"] == []
