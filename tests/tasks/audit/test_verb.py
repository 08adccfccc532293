"""The verb audit: what it says of models that are known, and of twins that it trains."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

import scorelet as sl
from samples import Answering, write_png
from scorelet.analysis.memorization import nearest, pair_cosines, wiener_filter
from scorelet.core.errors import ArrayFileError, ImageFileError, InputError
from scorelet.data.fields.ensembles import ensemble
from scorelet.models import FiniteSetDenoiser, GaussianDenoiser, StationaryGaussianDenoiser
from scorelet.tasks.audit import AuditSettings, Network, Told, audit_models, audit_twins
from scorelet.tasks.audit import twins as training
from scorelet.tasks.picture_arrays import images_of, load_picture_array, picture_array
from scorelet.zoo import save

LAW = ensemble("power_law", eta=3.0)
TINY = AuditSettings((3, 6), 4, samples=2, network=Network("BFCNN", {"width": 4, "depth": 3}, 8, 4))


def pictures(count, *, side=12, seed=0):
    """Smooth pictures, values in [0, 1]."""
    x = 0.5 + 0.12 * LAW.sample(count, side, seed)[:, 0].numpy()
    return np.rint(255 * x.clip(0, 1)).astype(np.uint8)


@pytest.fixture
def arrays(tmp_path):
    """Files of pictures: two training sets and new ones."""
    for k, name in enumerate(("a", "b", "new")):
        np.save(tmp_path / f"{name}.npy", pictures(20, seed=k))
    return [tmp_path / f"{name}.npy" for name in ("a", "b", "new")]


def finite(path):
    return FiniteSetDenoiser(images_of(load_picture_array(path)))


@pytest.mark.slow
def test_models_that_answer_with_their_pictures_memorise(arrays, tmp_path):
    a, b, new = arrays
    found = sl.audit(new, models=[finite(a), finite(b)], train=[a, b], samples=6)
    (row,) = found.document["rows"]
    assert row["verdict"] == "memorises"
    assert row["gap"] > 6
    assert row["nearest"][0] == pytest.approx(1, abs=1e-3)
    assert row["pair"][1] < 0.9
    assert row["nearest_of_held_out"][1] < 0.9
    for each in row["each"]:  # the other's pictures are others
        assert len(each["others_cosines"]) == 6
        assert max(each["others_cosines"]) < 0.9 < min(each["nearest_cosines"])
    assert "by heart" in found.document["conclusion"]
    json.dumps(found.document, allow_nan=False)
    found.save(tmp_path / "r.html")
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "20 of 20 and 20 of 20, drawn at random" in page
    assert page.count("data:image/png;base64") == 3  # curves, histograms, samples
    assert "memorises" in page
    with pytest.raises(InputError, match="exists already"):
        found.save(tmp_path / "r.html")


@pytest.mark.slow
@pytest.mark.parametrize("place", [0, 1])
def test_each_of_two_models_has_a_gap_and_cosines(arrays, tmp_path, place):
    """One that answers with its pictures, and the best denoiser of their law."""
    a, b, new = arrays
    models = [StationaryGaussianDenoiser(0.12**2 * LAW.power(12), mean=0.5) for _ in range(2)]
    models[place] = finite((a, b)[place])
    found = sl.audit(new, models=models, train=[a, b], samples=6, held_out=20)
    (row,) = found.document["rows"]
    knows, other = row["each"][place], row["each"][1 - place]
    assert row["verdict"] == "one memorises"
    assert (knows["by_gap"], other["by_gap"]) == ("memorises", "generalises")
    assert abs(other["gap"]) < 3 * other["gap_error"]
    assert min(knows["nearest_cosines"]) > 0.999
    assert max(other["nearest_cosines"]) < 0.95
    assert row["gap"] == pytest.approx((knows["gap"] + other["gap"]) / 2)
    known, rest = (("first", "second"), ("second", "first"))[place]
    assert found.document["conclusion"] == (
        f"The {known} network knows its training pictures by heart, the {rest} does not."
    )
    found.save(tmp_path / "r.html")
    assert f"{knows['gap']:.2f} ± " in (tmp_path / "r.html").read_text(encoding="utf-8")


@pytest.mark.slow
def test_one_law_for_both_generalises(arrays):
    """The best denoiser of the law of the pictures: no gap, no copies, the same samples."""
    a, b, new = arrays
    laws = [StationaryGaussianDenoiser(0.12**2 * LAW.power(12), mean=0.5) for _ in range(2)]
    found = sl.audit(new, models=laws, train=[a, b], samples=6, held_out=20)
    (row,) = found.document["rows"]
    assert [level["value"] for level in row["variance"]] == [0] * 5
    assert row["pair"] == [1, 1, 1] or min(row["pair"]) > 1 - 1e-6
    assert abs(row["gap"]) < 3 * row["gap_error"]
    assert row["verdict"] == "generalises"


def floats(count, *, seed):
    """Smooth pictures, floats (n, 1, 12, 12) in [0, 1]."""
    return (0.5 + 0.12 * LAW.sample(count, 12, seed)).clip(0, 1).float()


@pytest.mark.slow
def test_a_verdict_does_not_depend_on_the_order_of_pictures():
    """Each denoiser knows the last 5 of 40 pictures by heart; 8 of them are measured."""
    a, b, new = floats(40, seed=0), floats(40, seed=1), floats(20, seed=2)
    models = [FiniteSetDenoiser(x[-5:]) for x in (a, b)]
    found = [
        sl.audit(y, models=models, train=[f, g], samples=4, held_out=8).document
        for y, f, g in ((new, a, b), (new.flip(0), a.flip(0), b.flip(0)))
    ]
    assert found[0] == found[1]
    assert found[0]["training_pictures"] == [40, 40]
    (row,) = found[0]["rows"]
    assert row["gap"] > 1
    assert [one["measured"] for one in row["each"]] == [8, 8]
    assert [one["copies"] for one in row["each"]] == [4, 4]
    assert row["verdict"] in ("memorises", "memorises in part")


@pytest.mark.slow
def test_copies_among_samples_are_counted_and_shown_first(tmp_path):
    """Two filters of one law, of whose samples some are among the training pictures."""
    a, b, new = floats(60, seed=0), floats(60, seed=1), floats(20, seed=2)
    models = [wiener_filter(x) for x in (a, b)]
    before = sl.audit(new, models=models, train=[a, b], samples=6)
    assert before.document["conclusion"] == (
        "The verdict is generalises: two networks that have no picture in common are the same "
        "function, and none of 12 samples is a copy of a training picture."
    )
    planted = torch.cat([a, before.shown[0]["first"][4:].clamp(0, 1)])  # the least near ones
    found = sl.audit(new, models=models, train=[planted, b], samples=6)
    (row,) = found.document["rows"]
    assert row["verdict"] == "memorises in part"
    assert [one["copies"] for one in row["each"]] == [2, 0]
    assert "2 of 12 samples are copies" in found.document["conclusion"]
    assert "2 of 12 samples are copies" in row["sentence"]
    shown = found.shown[0]
    assert pair_cosines(shown["first"][:2], shown["near_first"][:2]).min() > 0.98
    assert nearest(shown["first"][2:], planted).cosine.max() < 0.95
    found.save(tmp_path / "r.html")
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    for words in ("2 of 6, 0 of 6", "20 of 62 and 20 of 60", "20, drawn at random (seed 0)"):
        assert words in page
    given_as_others = torch.cat([b, planted[60:]])
    found = sl.audit(new, models=models, train=[a, given_as_others], samples=6).document
    assert [one["copies_of_other"] for one in found["rows"][0]["each"]] == [2, 0]
    (warning,) = [text for text in found["warnings"] if "in the order of the models" in text]
    assert warning.startswith("of training pictures of the second model the first knows some, too")
    assert "(2 samples are copies of some)" in warning


@pytest.mark.slow
def test_denoisers_of_one_level_are_judged_there():
    """The best linear ones of noise 0.1: optimal, and behind at 0.3."""
    a, b, new = floats(60, seed=0), floats(60, seed=1), floats(20, seed=2)
    filters = [wiener_filter(x) for x in (a, b)]
    models = [Answering(lambda y, f=f: f(y, 0.1)) for f in filters]
    usual = sl.audit(new, models=models, train=[a, b], samples=0).document
    assert usual["rows"][0]["fit_levels"] == [0.1]
    said = "at noise level 0.3 a linear filter does better, at 0.1 it does not"
    assert said in usual["conclusion"]
    told = sl.audit(new, models=models, train=[a, b], samples=2, sigmas=[0.1]).document
    assert told["rows"][0]["verdict"] == "generalises"
    assert told["sigmas"] == [0.1]
    assert len(told["rows"][0]["variance"]) == 1
    several = sl.audit(new, models=models, train=[a, b], samples=0, sigmas=[0.05, 0.1, 0.08])
    assert several.document["sigmas"] == [0.1, 0.08, 0.05]


@pytest.mark.slow
@pytest.mark.parametrize("sigma", [0.005, 0.01, 1.0])
@pytest.mark.parametrize("share", [0.05, 1.0])
def test_to_do_nothing_is_not_to_generalise_at_any_level(sigma, share):
    """In weak noise the best linear filter gains little over the identity."""
    a, b, new = floats(60, seed=0), floats(60, seed=1), floats(20, seed=2)
    models = [Answering(lambda y: 0.5 + share * (y - 0.5)) for _ in range(2)]
    found = sl.audit(new, models=models, train=[a, b], samples=2, sigmas=[sigma])
    assert found.document["rows"][0]["verdict"] == "undertrained"


@pytest.mark.slow
def test_what_is_open_of_networks_in_between():
    """Gaussian denoisers with the second moments of 100 pictures each, of 144 pixels."""
    a, b, new = (floats(n, seed=k) for k, n in enumerate((100, 100, 64)))
    models = [GaussianDenoiser(torch.full_like(x[0], 0.5).double(), _moment(x)) for x in (a, b)]
    found = sl.audit(new, models=models, train=[a, b], samples=4, sigmas=[0.1]).document
    (row,) = found["rows"]
    assert (row["verdict"], row["open"]) == ("in between", ["gap"])
    said = "they are one function; whether training pictures come back better is open, the gap is "
    assert said in found["conclusion"]


def _moment(x):
    rows = (x - 0.5).flatten(1).double()
    return rows.mT @ rows / len(rows)


def test_levels_in_8_bit_units_are_refused():
    with pytest.raises(InputError, match="a level of 25 in 8-bit units is 25/255"):
        AuditSettings(sigmas=(50.0, 25.0))


def test_training_sets_in_the_other_order_are_refused(arrays):
    """Whose models would seem to have learned too little."""
    a, b, new = arrays
    models = [finite(a), finite(b)]
    with pytest.raises(InputError, match=r"dB better than their own.*in the other order"):
        sl.audit(new, models=models, train=[b, a], samples=0)
    sl.audit(new, models=models, train=[a, b], samples=0)


def law_denoiser():
    """The best denoiser of the law of `pictures`, which knows none of them."""
    return StationaryGaussianDenoiser(0.12**2 * LAW.power(12), mean=0.5)


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


@pytest.mark.parametrize("count", [1, 2, 4])
def test_good_models_of_few_training_pictures_are_not_undertrained(arrays, tmp_path, count):
    """A filter of few pictures knows their spectra by heart."""
    for name in ("a", "b"):
        np.save(tmp_path / f"few_{name}.npy", np.load(tmp_path / f"{name}.npy")[:count])
    laws = [StationaryGaussianDenoiser(0.12**2 * LAW.power(12), mean=0.5) for _ in range(2)]
    few = [tmp_path / f"few_{name}.npy" for name in ("a", "b")]
    (row,) = sl.audit(arrays[2], models=laws, train=few, samples=0).document["rows"]
    assert row["lead"] > -0.3  # in the mean it is positive: of 4 pictures 0.2 with a scatter of 0.2
    assert row["verdict"] != "undertrained"


def test_models_alone_say_whether_they_are_one_function(arrays, tmp_path):
    a, b, new = arrays
    files = []
    for k, path in enumerate((a, b)):
        from samples import small_network
        from scorelet.models import ResidualDenoiser

        files.append(tmp_path / f"{path.stem}.safetensors")
        save(ResidualDenoiser(small_network("bf-cnn", seed=k)), files[-1])
    document = sl.audit(new, models=files, samples=0).document
    (row,) = document["rows"]
    assert (row["gap"], row["nearest"], row["pair"]) == (None, None, None)
    assert document["models"] == [str(f) for f in files]
    assert "less than half of the strongest noise" in document["conclusion"]
    known = sl.audit(new, models=[finite(a), finite(b)], samples=0).document
    assert known["conclusion"].endswith("by heart is not known without training pictures.")
    assert known["rows"][0]["verdict"] == "not known"
    assert "different functions" in known["conclusion"]


def test_models_that_agree_may_know_the_same_pictures_by_heart(arrays, tmp_path):
    """Two denoisers of one finite set are one function, which has learned no density."""
    a, _, new = arrays
    found = sl.audit(new, models=[finite(a), finite(a)], samples=0)
    assert found.document["rows"][0]["variance"][0]["value"] == 0
    assert found.document["rows"][0]["verdict"] == "same function"
    assert "nearly the same function" in found.document["conclusion"]
    assert "by heart is not known" in found.document["conclusion"]
    assert "the same weights" in found.document["warnings"][0]
    found.save(tmp_path / "r.html")
    assert "same function" in (tmp_path / "r.html").read_text(encoding="utf-8")


def test_networks_of_others_are_taken_as_they_are(arrays):
    a, b, new = arrays
    ours = [finite(a), finite(b)]
    theirs = [Answering(lambda y, f=f: f(y, 0.3)) for f in ours]
    settings = AuditSettings(samples=0, held_out=8, sigmas=(0.3,))
    expected, found = (
        audit_models(new, models, settings, train=[a, b]).document for models in (ours, theirs)
    )
    assert found["rows"] == expected["rows"]
    assert found["models"] == ["Answering", "Answering"]
    with pytest.raises(InputError, match="given twice"):
        sl.audit(new, models=[theirs[0], theirs[0]], samples=0)
    for net, words in (
        (Answering(lambda y: (y, None)), "returns a tuple"),
        (torch.nn.AvgPool2d(2), "must have the shape"),
        (
            TakesLevel(),
            "fails on noisy images alone.*; give a Denoiser of your own that calls it[.]$",
        ),
        (torch.nn.Conv2d(3, 3, 1), r"shape \(20, 1, 12, 12\).*; give channels=3[.]$"),
        (
            torch.nn.Conv2d(1, 1, 1).double(),
            r"float32 of shape.*; bring its weights to float32[.]$",
        ),
        (3, r"^models\[0\] is 3: expected .* a Module or a function[.]$"),
        (lambda y: (y, None), "^<lambda> returns a tuple"),
        (Answering(lambda y: y / 0), "The first denoiser answers with NaN or infinite numbers"),
    ):
        with pytest.raises(InputError, match=words):
            sl.audit(new, models=[net, ours[0]], samples=0)


@pytest.mark.slow
def test_functions_are_taken_as_they_are(arrays):
    a, b, new = arrays
    ours = [finite(a), finite(b)]
    settings = AuditSettings(samples=0, held_out=8, sigmas=(0.3,))
    functions = [lambda y, f=f: f(y, 0.3) for f in ours]
    functions[0].__name__ = "first"
    expected, found = (
        audit_models(new, models, settings, train=[a, b]).document for models in (ours, functions)
    )
    assert found["rows"] == expected["rows"]
    assert found["models"] == ["first", "<lambda>"]
    with pytest.raises(InputError, match="first is given twice"):
        sl.audit(new, models=[functions[0]] * 2)
    drops = torch.nn.Dropout(0.1)  # in training mode
    with pytest.raises(InputError, match=r"a Dropout in training mode.*call .eval\(\)"):
        sl.audit(new, models=[lambda y: drops(y), ours[0]], samples=0)


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


class TakesLevel(torch.nn.Module):
    def forward(self, y, sigma):
        return y


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


def test_networks_that_write_over_their_input_are_one_function_with_those_that_do_not(arrays):
    """Both see the same noisy pictures, and the first must not change those of the second."""
    first, second = (Answering(lambda y: y.sub_(0.5).mul_(0.8).add_(0.5)) for _ in range(2))
    out_of_place = Answering(lambda y: (y - 0.5) * 0.8 + 0.5)
    for pair in ([first, second], [first, out_of_place]):
        (row,) = sl.audit(arrays[2], models=pair, samples=4).document["rows"]
        assert all(level["value"] == 0 for level in row["variance"])


def test_networks_keep_their_mode(arrays):
    first, second = (Answering(lambda y: 0.9 * y) for _ in range(2))
    first.train()
    second.eval()
    sl.audit(arrays[2], models=[first, second], samples=0)
    assert (first.training, second.training) == (True, False)


@pytest.mark.parametrize("kept", [3000, 60, 0])
def test_a_part_of_an_archive_is_called_damaged(tmp_path, kept):
    path = tmp_path / "x.npz"
    np.savez(path, x_train=pictures(40))
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(ArrayFileError, match=r"x\.npz is damaged or truncated"):
        load_picture_array(path)


def test_an_archive_of_a_later_version_is_called_damaged(tmp_path):
    """Bytes of its directory say that version 10.9 is needed to read it."""
    path = tmp_path / "x.npz"
    np.savez(path, x_train=pictures(4))
    stored = bytearray(path.read_bytes())
    stored[stored.index(b"PK\x01\x02") + 6] = 109
    path.write_bytes(stored)
    with pytest.raises(ArrayFileError, match=r"x\.npz is damaged or truncated"):
        load_picture_array(path)


def test_one_model_given_twice_is_refused(arrays):
    a, _, new = arrays
    model = finite(a)
    for models in ([model, model], ["photo", "photo"], [a, a]):
        with pytest.raises(InputError, match="given twice"):
            sl.audit(new, models=models, samples=0)


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
    with pytest.raises(InputError, match="different and in no training set"):
        sl.audit(a, models=models, train=[a, b], samples=0)
    np.save(tmp_path / "small.npy", pictures(5, side=10))
    with pytest.raises(InputError, match=r"10x10 pixels.*have 12x12"):
        sl.audit(new, models=models, train=[a, tmp_path / "small.npy"], samples=0)
    with pytest.raises(InputError, match="takes a denoiser"):
        sl.audit(new, models=["cifar10-scattering", "photo"], samples=0)


@pytest.mark.parametrize(
    "option",
    [
        {"sizes": [10, 100, 1000]},
        {"folder": "x"},
        {"steps": 2000},
        {"width": 16},
        {"resume": True},
        {"overwrite": True},
    ],
)
def test_options_of_twins_are_refused_beside_models(arrays, option):
    a, b, new = arrays
    (name,) = option
    with pytest.raises(InputError, match=f"^{name} has no effect with models"):
        sl.audit(new, models=[finite(a), finite(b)], samples=0, **option)


def test_pictures_in_both_training_sets_are_named(arrays, tmp_path):
    """One of 200 is a sentence; copies of training pictures are not measured on."""
    _, _, new = arrays
    one, two, fresh = pictures(200, seed=5), pictures(200, seed=6), np.load(new)
    two[7], fresh[3] = one[150], one[4]
    for name, array in (("one", one), ("two", two), ("fresh", fresh)):
        np.save(tmp_path / f"{name}.npy", array)
    a, b = (tmp_path / f"{name}.npy" for name in ("one", "two"))
    found = sl.audit(tmp_path / "fresh.npy", models=[finite(a), finite(b)], train=[a, b], samples=0)
    (warning,) = [w for w in found.document["warnings"] if "first training set" in w]
    assert "the first one: 150 is 7" in warning
    assert found.document["left_out"] >= 1
    assert found.document["held_out"] == 20 - found.document["left_out"]


def test_training_sets_that_look_alike_are_named_and_not_refused(arrays):
    """One square with noise in it: no two pictures are the same, and all are alike."""
    _, _, new = arrays
    rng = np.random.default_rng(0)
    one, two = (np.zeros((40, 12, 12), np.float32) for _ in range(2))
    for each in (one, two):
        each[:, 3:9, 3:9] = rng.uniform(0.8, 1, (40, 6, 6))
    a, b = (torch.from_numpy(each)[:, None] for each in (one, two))
    models = [wiener_filter(a), wiener_filter(b)]
    found = sl.audit(new, models=models, train=[one, two], samples=0)
    (warning,) = [text for text in found.document["warnings"] if "first training set" in text]
    assert warning.startswith("40 pictures of the first training set look like some of the second")
    known = torch.corrcoef(torch.stack([a[0].flatten(), b[0].flatten()]))[0, 1]
    assert f"the first one: 0 is like 0, {known:.3f})" in warning
    two[7] = one[30]
    with pytest.raises(InputError, match=r"^1 pictures .* \(the first one: 30 is 7\)"):
        sl.audit(new, models=models, train=[one, two], samples=0)


def rows(document):
    return [{k: v for k, v in row.items() if k != "seconds"} for row in document["rows"]]


@pytest.mark.slow
def test_twins_see_other_pictures_and_an_interrupted_audit_goes_on(tmp_path, monkeypatch):
    x = pictures(24)
    x[20] = x[3]
    np.save(tmp_path / "x.npy", x)
    said, told = [], []
    whole = audit_twins(tmp_path / "x.npy", tmp_path / "whole", TINY, told=Told(said.append))
    assert said[0].startswith("1 of 24 pictures are left out, as they look like others")
    assert "4 trainings of 8 steps and 2 measurements" in said[1]
    assert whole.document["left_out"] == 1
    with np.load(tmp_path / "whole/steps/pictures.npz") as halves:
        parts = [halves[name] for name in ("first", "second", "held_out")]
    dealt = np.concatenate(parts)[..., 0]
    assert len(np.unique(dealt.reshape(len(dealt), -1), axis=0)) == 6 + 6 + 4

    train_once = training.train_once

    def interrupted(config, title, **options):
        if config.output.name == "6-second":
            raise KeyboardInterrupt
        return train_once(config, title, **options)

    monkeypatch.setattr(training, "train_once", interrupted)
    with pytest.raises(KeyboardInterrupt):
        audit_twins(tmp_path / "x.npy", tmp_path / "again", TINY)
    monkeypatch.setattr(training, "train_once", train_once)
    with pytest.raises(InputError, match="--resume"):
        audit_twins(tmp_path / "x.npy", tmp_path / "again", TINY)
    with pytest.raises(InputError, match=r"differs in seed, settings\.seed:"):
        audit_twins(tmp_path / "x.npy", tmp_path / "again", replace(TINY, seed=1), resume=True)
    np.save(tmp_path / "others.npy", x[::-1])
    with pytest.raises(InputError, match="differs in pictures:"):
        audit_twins(tmp_path / "others.npy", tmp_path / "again", TINY, resume=True)
    found = audit_twins(
        tmp_path / "x.npy",
        tmp_path / "again",
        TINY,
        resume=True,
        told=Told(on_step=lambda name, **kw: told.append((name, kw["kept"]))),
    )
    assert told == [
        ("3-first", True),
        ("3-second", True),
        ("3", True),
        ("6-first", True),
        ("6-second", False),
        ("6", False),
    ]
    assert rows(found.document) == rows(whole.document)
    assert torch.equal(found.shown[0]["first"], whole.shown[0]["first"])
    assert {row["verdict"] for row in rows(found.document)} == {"undertrained"}
    assert "Train them longer" in found.document["conclusion"]


def test_too_few_pictures_and_impossible_settings(tmp_path):
    np.save(tmp_path / "x.npy", pictures(15))
    with pytest.raises(InputError, match="two halves of 6 and 4 held out are 16"):
        audit_twins(tmp_path / "x.npy", tmp_path / "run", TINY)
    assert not (tmp_path / "run").exists()
    with pytest.raises(InputError, match="no usable device 'cuda:99'"):
        audit_twins(tmp_path / "x.npy", tmp_path / "run", replace(TINY, device="cuda:99"))
    assert not (tmp_path / "run").exists()
    for options, words in (
        ({"sizes": [3, 2]}, "rising"),
        ({"sizes": []}, "at least one, above 0"),
        ({"held_out": 1}, "at least two are needed"),
        ({"samples": 1}, "none, or at least two"),
        ({"steps": 0}, "at least one each"),
        ({"seed": -1}, "seed is -1"),
        ({"width": 0}, "width is 0"),
        ({"sigmas": []}, "noise levels are .*expected at least one, above 0"),
        ({"sigmas": [0.1, -1.0]}, "expected at least one, above 0"),
    ):
        with pytest.raises(InputError, match=words):
            sl.audit(tmp_path / "x.npy", folder=tmp_path / "run", **options)


@pytest.mark.parametrize("channels", [1, 3])
def test_pictures_of_three_rows_are_refused_before_anything_is_written(tmp_path, channels):
    rng = np.random.default_rng(0)
    for k in range(20):
        write_png(
            tmp_path / "pictures" / f"{k}.png",
            rng.integers(256, size=(3, 9, channels), dtype=np.uint8),
        )
    settings = replace(TINY, channels=channels)
    with pytest.raises(InputError, match="The pictures are 3x9 pixels: twins need at least 4"):
        audit_twins(tmp_path / "pictures", tmp_path / "run", settings)
    assert not (tmp_path / "run").exists()


def test_twins_are_trained_on_the_device_of_the_audit(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(
        training, "train_once", lambda *_, device, **__: asked.append(device) or {"seconds": 0}
    )
    training.train_twin(tmp_path, "first", 3, replace(TINY, device="cpu"), quiet=True)
    assert asked == ["cpu"]


def test_pictures_from_folders_and_arrays(tmp_path):
    x = pictures(3)
    for k, picture in enumerate(x):
        write_png(tmp_path / f"set/{k}.png", picture[..., None])
    assert np.array_equal(load_picture_array(tmp_path / "set")[..., 0], x)
    np.savez(tmp_path / "x.npz", x_train=np.repeat(x[..., None], 3, 3), x_test=x, y_train=[0] * 3)
    assert np.array_equal(load_picture_array(tmp_path / "x.npz")[..., 0], x)
    assert load_picture_array(tmp_path / "x.npz", channels=3).shape == (3, 12, 12, 3)
    assert load_picture_array(f"{tmp_path}/x.npz:x_test", side=6).shape == (3, 6, 6, 1)
    write_png(tmp_path / "set/3.png", pictures(1, side=9)[0][..., None])
    with pytest.raises(
        InputError, match=r"3\.png has 9x9 pixels, .*0\.png has 12x12.*bring all to"
    ):
        load_picture_array(tmp_path / "set")
    with pytest.raises(InputError, match="give --side to bring all to one"):
        sl.audit(tmp_path / "set", folder=tmp_path / "run")
    assert load_picture_array(tmp_path / "set", side=8).shape == (4, 8, 8, 1)
    for array, words in (
        (np.zeros((3, 4)), "expected pictures"),
        (np.full((3, 4, 4), 7.0), "expected floats in"),
        (np.full((3, 4, 4), np.nan), "NaN or infinite"),
        (np.zeros((3, 4, 4), int), "8 bits or floats"),
    ):
        np.save(tmp_path / "y.npy", array)
        with pytest.raises(InputError, match=words):
            load_picture_array(tmp_path / "y.npy")


@pytest.mark.parametrize("channels", [1, 3])
def test_channels_are_last_or_first(tmp_path, channels):
    """As `sample` writes them, and torch has them."""
    last = np.random.default_rng(0).integers(0, 256, (5, 4, 6, channels), dtype=np.uint8)
    first = np.moveaxis(last, 3, 1)
    np.save(tmp_path / "last.npy", last)
    np.save(tmp_path / "first.npy", first)
    for found in (
        load_picture_array(tmp_path / "last.npy", channels=channels),
        load_picture_array(tmp_path / "first.npy", channels=channels),
        picture_array(first, channels=channels),
        picture_array(torch.from_numpy(first.copy()), channels=channels),
    ):
        assert np.array_equal(found, last)


@pytest.mark.parametrize("shape", [(5, 3, 8, 3), (5, 1, 8, 3), (5, 3, 3, 3)])
def test_channels_that_may_be_first_or_last_are_refused(tmp_path, shape):
    np.save(tmp_path / "x.npy", np.zeros(shape))
    for read, source in (
        (load_picture_array, tmp_path / "x.npy"),
        (picture_array, np.zeros(shape)),
    ):
        with pytest.raises(InputError, match="channels may be first or last: give"):
            read(source)


def test_what_a_folder_holds_beside_pictures_is_said(tmp_path):
    x = pictures(3)
    for k, picture in enumerate(x):
        write_png(tmp_path / f"set/{k}.png", picture[..., None])
    (tmp_path / "set/1.png").write_bytes(b"")
    (tmp_path / "set/notes.txt").write_text("three pictures")
    said = []
    found = load_picture_array(tmp_path / "set", say=said.append)
    assert np.array_equal(found[..., 0], x[[0, 2]])
    other, broken = said
    assert other.endswith("1 file is of no kind that is read: 1 .txt (notes.txt)")
    assert broken.startswith("1 of 3 pictures was left out (set/1.png): ")
    assert "1.png is empty" in broken
    assert not broken.endswith(".")
    with pytest.raises(ImageFileError, match="is empty"):
        load_picture_array(tmp_path / "set")
    for k in (0, 2):
        (tmp_path / f"set/{k}.png").write_bytes(b"")
    with pytest.raises(ImageFileError, match="is empty"):
        load_picture_array(tmp_path / "set", say=said.append)


def test_what_is_transparent_is_white(tmp_path):
    pixels = np.zeros((4, 4, 4), np.uint8)
    pixels[:2, :, 3] = 255  # black above, nothing below
    write_png(tmp_path / "set/0.png", pixels)
    found = load_picture_array(tmp_path / "set")
    assert np.array_equal(found[0, :, 0, 0], [0, 0, 1, 1])


def test_models_of_other_channels_name_the_option(arrays):
    colour, gray = (FiniteSetDenoiser(torch.rand(4, c, 12, 12)) for c in (3, 1))
    colour.channels, gray.channels = (3,), (1,)
    with pytest.raises(InputError, match="does not take gray pictures: give --channels 3"):
        audit_models(arrays[2], [gray, colour], AuditSettings(samples=0, held_out=4))
    with pytest.raises(InputError, match="does not take pictures in colour: give --channels 1"):
        audit_models(arrays[2], [colour, gray], AuditSettings(samples=0, held_out=4, channels=3))


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


def test_a_verdict_needs_a_seed_only(arrays):
    """Everything is a function of the settings: twice the same document."""
    a, b, new = arrays
    settings = AuditSettings(samples=2, held_out=8)
    one, two = (audit_models(new, [finite(a), finite(b)], settings) for _ in range(2))
    assert one.document == two.document
    assert torch.equal(one.shown[0]["first"], two.shown[0]["first"])
