"""Training of a cascade, from an array of pictures to a file that generates."""

import numpy as np
import pytest
import safetensors.torch
import torch
from PIL import Image

import scorelet as sl
from scorelet.core.errors import InputError
from scorelet.models import Denoiser, GaussianDenoiser
from scorelet.models.guided import ToldGuidedDenoiser
from scorelet.models.multiscale import Multiscale
from scorelet.models.multiscale_denoiser import MultiscaleDenoiser
from scorelet.models.schedules import VarianceExploding
from scorelet.tasks.experiments import build, read_config
from scorelet.tasks.experiments.cascade import CascadeConfig
from scorelet.tasks.experiments.cascade_model import cascade_model
from scorelet.tasks.experiments.cascade_networks import factor_networks
from scorelet.tasks.picture_arrays import images_of
from scorelet.tasks.sample import SampleSettings
from scorelet.tasks.sample.whole import plan_of
from scorelet.tasks.train import train
from scorelet.training import read_log
from scorelet.training.multiscale import parts_of
from scorelet.zoo import build_network

pytestmark = pytest.mark.usefixtures("float32")

LOW = {"architecture": "BFCNN", "options": {"channels": 2, "width": 20, "depth": 3, "outputs": 1}}
DETAILS = {
    "architecture": "ShuffleUNet",
    "options": {"channels": 4, "widths": [8], "encoder": [1], "decoder": [], "outputs": 3},
}


def blobs(count, side=16, seed=0):
    """Pictures of 4x4 gray blocks with a ramp across each."""
    rng = np.random.default_rng(seed)
    blocks = rng.integers(60, 200, (count, side // 4, side // 4, 1, 1))
    ramps = rng.integers(-30, 31, blocks.shape) * np.linspace(-1, 1, 4)[:, None]
    tiles = np.broadcast_to(blocks + ramps, (*blocks.shape[:3], 4, 4))
    return tiles.swapaxes(2, 3).reshape(count, side, side).round().astype(np.uint8)


@pytest.fixture
def config(tmp_path):
    np.savez(tmp_path / "blobs.npz", a=blobs(40), b=blobs(24, seed=1))
    tree = {
        "low": LOW | {"sigma": [0.02, 2.0]},
        "details": [DETAILS | {"sigma": [0.005, 0.3], "share": 0.5}] * 2,
        "data": {
            "train": [f"{tmp_path / 'blobs.npz'}:{name}" for name in "ab"],
            "hold_out": 8,
            "flip": True,
        },
        "optimizer": {"name": "muon", "rate": 3e-3},
        "schedule": {"warmup": 3},
        "steps": 30,
        "batch": 8,
        "log_every": 10,
        "save_every": 10,
        "validate_every": 10,
        "tensorboard": False,
        "output": str(tmp_path / "run"),
    }

    def make(**changes):
        return CascadeConfig.model_validate(tree | changes)

    return make


@pytest.mark.slow
def test_a_run_learns_and_its_file_is_a_model_that_generates(config, tmp_path):
    weights = train(config(optimizer={"name": "muon", "rate": 1e-2}), quiet=True)
    log = read_log(tmp_path / "run" / "log.jsonl")
    losses = [entry["details1"] for entry in log if "held_out_loss" in entry]
    assert [entry["step"] for entry in log if "loss" in entry] == [10, 20, 30]  # of training alone
    assert losses[-1] < 0.85 * losses[0]
    best = sl.load(tmp_path / "run" / "best.safetensors")
    assert isinstance(best, Multiscale)
    assert best.record["size"] == [16, 16]
    assert best.record["sigma"] == [[0.02, 2.0], [0.005, 0.3], [0.005, 0.3]]
    found = sl.sample(weights, n=2, steps=3, seed=4)
    assert found.images.shape == (2, 1, 16, 16)
    assert np.isfinite(found.images).all()


def test_noise_that_samples_would_start_too_low_from_is_spoken_of(config, tmp_path):
    """Of the direction that varies most: pictures that differ in brightness vary by d times more.

    Of deviation s and largest level s/2, 1/(1 + 1/4) of the variance is lost.
    """
    assert not build(config(low=LOW | {"sigma": [0.02, 4.0]})).notes
    gray = np.random.default_rng(3).integers(0, 256, (60, 1, 1), dtype=np.uint8)
    np.save(tmp_path / "gray.npy", np.repeat(np.repeat(gray, 16, 1), 16, 2) ^ blobs(60) // 64)
    deviation = float((gray / 255).std()) * 4  # of all 16 numbers of the low band together
    data = {"train": [str(tmp_path / "gray.npy")]}
    built = build(config(low=LOW | {"sigma": [0.02, deviation / 2]}, data=data))
    (said,) = built.notes
    assert built.learner.model.record["deviations"][0] == pytest.approx(deviation, rel=0.02)
    assert "The noise of low ends at" in said
    assert any(f"about {lost} % of its variance" in said for lost in (79, 80, 81))
    assert build(config(low=LOW | {"sigma": [0.02, 2.8 * deviation]}, data=data)).notes
    assert not build(config(low=LOW | {"sigma": [0.02, 3.3 * deviation]}, data=data)).notes
    rng = np.random.default_rng(3)
    np.save(tmp_path / "noise.npy", rng.integers(0, 256, (60, 16, 16), dtype=np.uint8))
    details = [DETAILS | {"sigma": [0.005, 0.5]}] * 2
    data = {"train": [str(tmp_path / "noise.npy")]}
    low = LOW | {"sigma": [0.02, 9.0]}
    said = build(config(low=low, details=details, data=data, whiten=True)).notes
    assert len(said) == 2
    assert all("details" in text and "deviation 1" in text for text in said)


@pytest.mark.slow
def test_a_run_that_goes_on_is_one_run(config, tmp_path):
    whole = sl.load(train(config(steps=10), quiet=True))
    halves = config(steps=5, output=str(tmp_path / "halves"), schedule={"shape": "constant"})
    train(halves, quiet=True)
    again = config(steps=10, output=str(tmp_path / "halves"), schedule={"shape": "constant"})
    resumed = sl.load(train(again, resume=True, quiet=True))
    at_once = config(steps=10, output=str(tmp_path / "once"), schedule={"shape": "constant"})
    expected = sl.load(train(at_once, quiet=True)).state_dict()
    for name, tensor in resumed.state_dict().items():
        assert torch.equal(tensor, expected[name])
    assert whole.state_dict().keys() == expected.keys()


def kept_details(config, first, **changes):
    """Details that stay those of the file `first`."""
    details = config().model_dump()["details"]
    return [part | {"start_from": str(first), "share": 0} | changes for part in details]


@pytest.mark.slow
def test_factors_without_a_share_stay_those_of_the_cascade_that_they_start_from(config, tmp_path):
    """Also where the others learn from other pictures, with all that a factor knows of its own."""
    first = train(config(steps=3), quiet=True)
    np.save(tmp_path / "other.npy", 255 - blobs(40, seed=7) // 2)
    data = {"train": [str(tmp_path / "other.npy")]}
    low = config().model_dump()["low"] | {"start_from": str(first)}
    settings = {"steps": 3, "low": low, "data": data, "output": str(tmp_path / "again")}
    again = train(config(details=kept_details(config, first), **settings), quiet=True)
    one, two = (sl.load(path).factors for path in (first, again))
    for k, (before, after) in enumerate(zip(one, two, strict=True)):
        assert before.state_dict().keys() == after.state_dict().keys()
        pairs = zip(before.state_dict().values(), after.state_dict().values(), strict=True)
        assert all(torch.equal(a, b) for a, b in pairs) == (k > 0)
        if k:
            x, told = torch.rand(2, 3, 8, 8), torch.rand(2, 1, 8, 8)
            assert torch.equal(*(factor(x, 0.1, cond=told) for factor in (before, after)))
    assert "details1" not in read_log(tmp_path / "again" / "log.jsonl")[0]


@pytest.mark.slow
def test_a_factor_stays_only_if_it_is_what_the_configuration_says(config, tmp_path):
    first = train(config(steps=1), quiet=True)
    wider = DETAILS["options"] | {"widths": [16]}
    for changes, words in (
        ({"options": wider}, "another architecture"),
        ({"sigma": [0.005, 0.9]}, "other noise levels"),
        ({"form": "residual"}, "another form"),
    ):
        with pytest.raises(InputError, match=words):
            build(config(details=kept_details(config, first, **changes)))
    with pytest.raises(InputError, match="another wavelet"):
        build(config(details=kept_details(config, first), wavelet="db2"))
    with pytest.raises(InputError, match="another number of levels"):
        build(config(details=kept_details(config, first)[:1]))
    np.save(tmp_path / "larger.npy", blobs(40, side=32))
    data = {"train": [str(tmp_path / "larger.npy")]}
    low = config().model_dump()["low"] | {"start_from": str(first), "share": 0}
    with pytest.raises(InputError, match="pictures of another size than the configuration says"):
        build(config(low=low, data=data))
    with pytest.raises(InputError, match="pictures of another size than the configuration says"):
        build(config(details=kept_details(config, first), data=data))  # they saw whole pictures
    low = config().model_dump()["low"]
    seen = {"form": "scaled", "options": low["options"] | {"channels": 1, "depth": 5}}  # no mean
    settings = {"low": low | seen, "steps": 1, "output": str(tmp_path / "scaled")}
    scaled = train(config(**settings), quiet=True)
    with pytest.raises(InputError, match="pictures of another size than the configuration says"):
        build(config(low=low | seen | {"start_from": str(scaled), "share": 0}, data=data))


@pytest.fixture
def faces(config, tmp_path):
    """A cascade as `config` makes it, of two kinds of factors, and what its record may be."""
    coarser = {"form": "scaled"}

    def make(**changes):
        details = [DETAILS | {"sigma": [0.005, 0.3]} | more for more in (coarser, {})]
        experiment = build(config(details=details, **changes))
        model = experiment.learner.model
        if not changes:
            model.record |= {
                "restraint": [0.1, 0.2, 0.3],
                "churn": [[1.0, 0.5], [0.5, 0.1], [0.25, 0.2]],
                "spread": [0.0, 0.4, 0.0],
            }
        sl.save(model, tmp_path / "faces.safetensors")
        kept = {"start_from": str(tmp_path / "faces.safetensors"), "share": 0.0}
        return [details[0] | kept, details[1] | kept]

    return make


def test_a_factor_that_stays_keeps_what_is_recorded_of_how_it_is_drawn(config, faces):
    """Of those that learn nothing is: no restraint, no spread, no churn, up to their own level."""
    coarser, finer = faces()
    learns = DETAILS | {"sigma": [0.005, 0.25]}
    record = build(config(details=[coarser, learns])).learner.model.record
    assert record["restraint"] == [0.0, 0.2, 0.0]
    assert record["churn"] == [(0.0, 2.0), (0.5, 0.1), (0.0, 0.25)]
    assert record["spread"] == [0.0, 0.4, 0.0]
    record = build(config(details=[coarser, finer])).learner.model.record
    assert record["restraint"] == [0.0, 0.2, 0.3]
    none = build(config()).learner.model.record
    assert not {"restraint", "churn", "spread"} & none.keys()


def test_a_factor_of_whitened_bands_stays_in_no_other_cascade(config, faces, tmp_path):
    noise = np.random.default_rng(3).integers(0, 256, (60, 16, 16), dtype=np.uint8)
    np.save(tmp_path / "noise.npy", noise)
    details = faces(whiten=True, data={"train": [str(tmp_path / "noise.npy")]})
    with pytest.raises(InputError, match="has other bands, whitened ones, than the configuration"):
        build(config(details=details))


def test_a_factor_of_bands_in_another_unit_stays_in_no_other_cascade(config, faces, tmp_path):
    details = faces()
    model = sl.load(tmp_path / "faces.safetensors")
    model.normalization = None
    sl.save(model, tmp_path / "faces.safetensors")
    with pytest.raises(InputError, match="has bands in another unit than the configuration"):
        build(config(details=details))


@pytest.mark.parametrize("recorded", [True, False])
def test_a_factor_of_another_bound_does_not_stay(config, faces, tmp_path, recorded):
    """Older files tell only that of factors that have it in deviations."""
    coarser, finer = faces()
    model = sl.load(tmp_path / "faces.safetensors")
    assert model.record["bound"] == [3.0, 3.0, 3.0]
    if not recorded:
        del model.record["bound"]
        sl.save(model, tmp_path / "faces.safetensors")
    with pytest.raises(InputError, match=r"Factor 1 .* another bound than the configuration says"):
        build(config(details=[coarser | {"bound": 2.0}, finer]))
    other = config(details=[coarser, finer | {"bound": 2.0}])
    if recorded:
        with pytest.raises(InputError, match=r"Factor 2 .* another bound"):
            build(other)
    else:
        build(other)


def test_convolutions_of_factors_that_are_shown_more_begin_anew(config, tmp_path):
    """The level is shown before the image: old weights behind it would be those of the level."""
    plain = LOW | {
        "options": LOW["options"] | {"channels": 1},
        "sigma": [0.02, 2.0],
        "form": "scaled",
    }
    first = train(config(steps=1, low=plain), quiet=True)
    low = LOW | {"sigma": [0.02, 2.0], "form": "scaled", "shows_level": True}
    made = [build(config(low=low | more)) for more in ({}, {"start_from": str(first)})]
    factors = [experiment.learner.model.coarse for experiment in made]
    new, started = (next(factor.network.parameters()) for factor in factors)
    assert torch.equal(new, started)
    assert made[0].notes == ()
    (note,) = made[1].notes
    assert note.startswith("Of 4 tensors of weights of factor 0, 3 come from ")


@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize(
    ("whiten", "count", "least", "otherwise"),
    [(True, 9, 5, ", or leave out whiten."), (False, 9, 2, ".")],
)
def test_as_many_pictures_can_be_held_out_as_is_said(
    config, tmp_path, flip, whiten, count, least, otherwise
):
    """And one more cannot; mirror images tell nothing new."""
    rng = np.random.default_rng(3)
    np.save(tmp_path / "noise.npy", rng.integers(0, 256, (count, 16, 16), dtype=np.uint8))
    data = {"train": [str(tmp_path / "noise.npy")], "flip": flip}
    most = count - least
    said = f"and .* takes {least} at least: choose data.hold_out from 0 to {most}{otherwise}$"
    with pytest.raises(InputError, match=said):
        build(config(whiten=whiten, data=data | {"hold_out": most + 1}))
    build(config(whiten=whiten, data=data | {"hold_out": most}))
    np.save(tmp_path / "noise.npy", rng.integers(0, 256, (1, 16, 16), dtype=np.uint8))
    with pytest.raises(InputError, match=r"Of 1 picture .*: give more pictures\.$"):
        build(config(whiten=whiten, data=data))


def test_a_low_band_of_few_numbers_is_not_guided(config, tmp_path):
    np.save(tmp_path / "tiny.npy", np.random.default_rng(3).random((9, 4, 4)).astype(np.float32))
    low = LOW | {"sigma": [0.02, 2.0], "form": "scaled", "guided": True}
    data = {"train": [str(tmp_path / "tiny.npy")]}
    with pytest.raises(InputError, match=r"has 1 number, and guided .* use fewer levels"):
        build(config(low=low, data=data))
    build(config(low=low, data=data, details=config().model_dump()["details"][:1]))


def test_at_least_one_factor_learns(config):
    still = kept_details(config, "faces")
    low = config().model_dump()["low"]
    with pytest.raises(ValueError, match="every share is 0"):
        config(low=low | {"share": 0, "start_from": "faces"}, details=still)
    with pytest.raises(ValueError, match="one network serves the details of all levels"):
        config(details=still, scale_embedding=2)
    with pytest.raises(ValueError, match="name its cascade by start_from"):
        config(low=low | {"share": 0})
    with pytest.raises(ValueError, match="whitened by the law of these pictures"):
        config(details=still, whiten=True)


def test_samples_are_pictures_of_the_arrays_each_once_in_an_epoch(config):
    data = build(config(data=config().data.model_copy(update={"flip": False}))).data
    shown = torch.stack([data[k]["x"] for k in range(56)])
    expected = np.concatenate([blobs(40), blobs(24, seed=1)])[:56].astype(np.float32) / 255
    order = np.lexsort(shown.reshape(56, -1).numpy().T)
    wanted = expected[np.lexsort(expected.reshape(56, -1).T)]
    assert np.array_equal(shown[torch.from_numpy(order.copy()), 0].numpy(), wanted)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        (
            {"low": LOW | {"sigma": [0.1, 1], "options": {"channels": 1}}},
            "The network of factor 0 takes images of 1 channel, and of pictures of 1 channel it is "
            r"shown 2: set its options\.channels to 2\.$",
        ),
        (
            {"low": LOW | {"sigma": [0.1, 1], "options": {"channels": 6, "outputs": 3}}},
            r"it is shown 2: set its options\.channels to 2, or data\.channels to 3\.$",
        ),
        (
            {
                "details": [DETAILS | {"sigma": [0.1, 1], "options": {"channels": 12}}] * 2,
                "scale_embedding": 4,
            },
            "The network of factor 1 takes images of 12 channels, and of pictures of 1 channel it "
            r"is shown 8, 4 of them by scale_embedding: set its options\.channels to 8\.$",
        ),
        (
            {"low": LOW | {"sigma": [0.1, 1], "options": {"channels": 2}}},
            r"factor 0 makes images of 2 channels.* set its options\.outputs to 1",
        ),
        ({"details": [DETAILS | {"sigma": [0.1, 1]}] * 5}, "cannot be halved 5 times"),
        ({"wavelet": "db99"}, "db99"),
    ],
)
def test_what_does_not_fit_is_refused(config, changes, reason):
    with pytest.raises(InputError, match=reason):
        build(config(**changes))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"hold_out": 9},
            "Of 8 pictures 0 are left .* 2 at least: choose data.hold_out from 0 to 6.",
        ),
        (
            {"hold_out": 7},
            "Of 8 pictures 1 are left .* 2 at least: choose data.hold_out from 0 to 6.",
        ),
        ({}, "Sides of 18 x 18 cannot be halved 2 times: use at most 1 level, or set data.side"),
        ({"side": 17}, "17 x 17 cannot be halved 2 times: set data.side to a multiple of 4."),
    ],
)
def test_sentences_name_the_field_of_the_configuration(config, tmp_path, changes, words):
    for k, pixels in enumerate(blobs(8, side=20)):
        Image.fromarray(pixels[:18, :18]).save(tmp_path / f"{k}.png")
    with pytest.raises(InputError, match=words):
        build(config(data={"train": [str(tmp_path)], **changes}))


@pytest.mark.parametrize(
    ("array", "reason"),
    [
        (np.zeros((4, 8), np.uint8), "expected pictures"),
        (np.zeros((4, 8, 8), np.int64), "int64"),
        (np.full((4, 8, 8), 1.5, np.float32), "values from 1.5"),
        (np.zeros((4, 8, 8), np.uint8), "does not vary"),
    ],
)
def test_arrays_that_are_no_pictures_are_refused(config, tmp_path, array, reason):
    np.save(tmp_path / "bad.npy", array)
    data = {"train": [str(tmp_path / "bad.npy")]}
    with pytest.raises(InputError, match=reason):
        build(config(data=data))


@pytest.mark.parametrize("kind", [np.uint8, np.float32])
@pytest.mark.parametrize("band", ["details1", "details2", "low"])
def test_bands_that_vary_by_rounding_only_are_refused(config, tmp_path, kind, band):
    """Blocks of 2x2 pixels have no finer details, pictures of one gray none, and one gray no law.

    Faint noise is no rounding: a 16-bit step here and there.
    """
    rng = np.random.default_rng(1)
    side = {"details1": 8, "details2": 1, "low": 1}[band]
    gray = np.full((60, 1, 1), 77) if band == "low" else rng.integers(0, 256, (60, side, side))
    pictures = gray.repeat(16 // side, 1).repeat(16 // side, 2) / (1 if kind is np.uint8 else 255)
    faint = pictures + rng.normal(0, 1 / 65535, pictures.shape)
    np.save(tmp_path / "blocks.npy", pictures.astype(kind))
    np.save(tmp_path / "faint.npy", faint.clip(0, 1).astype(np.float32))
    data = {"train": [str(tmp_path / "blocks.npy")]}
    with pytest.raises(InputError, match=f"The band {band} of the pictures does not vary"):
        build(config(data=data))
    if kind is np.float32:
        build(config(data=data | {"train": [str(tmp_path / "faint.npy")]}))


def test_what_is_broken_in_a_folder_is_left_out_and_named(config, tmp_path):
    folder = tmp_path / "faces"
    folder.mkdir()
    for k, pixels in enumerate(blobs(12)):
        Image.fromarray(pixels).save(folder / f"{k}.png")
    (folder / "bad.png").write_bytes(b"no picture")
    experiment = build(config(data={"train": [str(folder)], "hold_out": 2}))
    assert len(experiment.data.pictures) == 10
    (note,) = experiment.notes
    assert "1 of 13 pictures was left out" in note
    assert "bad.png" in note


def test_the_shipped_configuration_is_valid():
    config = read_config("faces")
    assert isinstance(config, CascadeConfig)
    assert len(config.details) == 2


def count(model):
    return sum(p.numel() for p in model.parameters())


@pytest.mark.slow
def test_a_whitened_cascade_trains_is_kept_and_draws(config, tmp_path):
    """Its factors see bands of mean 0 and covariance 1, in which noise counts in deviations."""
    factors = {
        "low": LOW | {"sigma": [0.05, 40.0]},
        "details": [DETAILS | {"sigma": [0.05, 40.0]}] * 2,
    }
    grain = np.random.default_rng(2).integers(-30, 31, (40, 16, 16))
    pictures = (blobs(40) + grain).astype(np.uint8)
    np.save(tmp_path / "grain.npy", pictures)
    data = {"train": [str(tmp_path / "grain.npy")], "flip": True}
    cfg = config(whiten=True, data=data, **factors)
    made = build(cfg)
    for factor in made.learner.objective.factors:
        assert factor.variance == pytest.approx(1, abs=0.05)  # of pictures, less those mirrored
    model = sl.load(train(cfg, quiet=True))
    x = torch.from_numpy(pictures[:, None]).float() / 255
    for part in parts_of(model, torch.cat([x, x.flip(-1)])):
        assert part.clean.mean(0).abs().max() < 1e-4
        assert float(part.clean.square().mean()) == pytest.approx(1, abs=1e-3)
    found = sl.sample(model, n=2, steps=4, seed=1).images
    assert found.shape == (2, 1, 16, 16)
    low = torch.from_numpy(found).unfold(2, 4, 4).unfold(3, 4, 4).mean((4, 5))
    again = sl.sample(model, n=1, coarse=low[0, 0].clamp(0, 1), steps=4).images
    means = torch.from_numpy(again).unfold(2, 4, 4).unfold(3, 4, 4).mean((4, 5))
    torch.testing.assert_close(means[0], low[0].clamp(0, 1), rtol=0, atol=1e-5)
    with pytest.raises(InputError, match="knows pictures of 16x16"):
        sl.sample(model, n=1, size=(32, 32))


@pytest.mark.slow
def test_one_network_of_all_scales_trains_and_is_one_in_files(config, tmp_path):
    """As many weights as for one scale, and a vector for each; the same after a resumed run."""
    channels = DETAILS["options"] | {"channels": 4 + 5}
    details = [DETAILS | {"options": channels, "sigma": [0.005, 0.3]}] * 2
    shared = {"details": details, "scale_embedding": 5, "schedule": {"shape": "constant"}}
    made = build(config(**shared))
    (first, second) = (factor.network for factor in made.learner.model.details)
    assert first.network is second.network
    plain = count(build_network("ShuffleUNet", channels))
    assert count(made.learner.model) == count(made.learner.model.coarse) + plain + 2 * 5
    whole = train(config(**shared, steps=10), quiet=True)
    model = sl.load(whole)
    one, two = (factor.network for factor in model.details)
    assert one.embedding is two.embedding
    assert count(model) == count(made.learner.model)
    stored = sum(p.numel() for p in safetensors.torch.load_file(whole).values())
    held = model.state_dict().items()
    assert stored == sum(t.numel() for name, t in held if not name.startswith("_details.1."))
    moved = one.embedding - first.embedding
    assert (moved.reshape(2, 5).abs().amax(1) > 1e-4).all()  # gradients of both scales arrived
    halves = {"output": str(tmp_path / "halves"), **shared}
    train(config(steps=5, **halves), quiet=True)
    resumed = sl.load(train(config(steps=10, **halves), quiet=True, resume=True))
    for name, tensor in model.state_dict().items():
        torch.testing.assert_close(resumed.state_dict()[name], tensor, msg=name)


@pytest.mark.slow
def test_networks_that_are_shown_the_level_train_and_are_kept(config):
    options = {"width": 32, "multipliers": [1, 1], "blocks": 1, "attention": [1]}
    part = {"architecture": "DiffusionUNet", "form": "scaled", "shows_level": True}
    low = part | {"options": options | {"channels": 2}, "sigma": [0.02, 2.0]}
    details = part | {"options": options | {"channels": 5, "outputs": 3}, "sigma": [0.005, 0.3]}
    model = sl.load(train(config(low=low, details=[details] * 2, steps=2), quiet=True))
    assert model.coarse.shows_level
    y = torch.rand(2, 1, 4, 4, generator=torch.Generator().manual_seed(0))
    assert (model.coarse(y, 0.1) - model.coarse(y, 0.2)).abs().max() > 1e-6
    with pytest.raises(ValueError, match="only form: scaled is told"):
        config(low=low | {"form": "residual"})


def test_a_guided_low_band_begins_with_the_wiener_filter_of_the_pictures(config):
    """Of their low bands and those of their mirror images; its network starts silent."""
    options = {"channels": 3, "width": 32, "multipliers": [1, 1], "blocks": 1}
    low = {"architecture": "DiffusionUNet", "options": options, "sigma": [0.02, 2.0]}
    low |= {"form": "scaled", "guided": True, "shows_level": True}
    data = config().data.model_dump() | {"flip": True, "hold_out": 0}
    model = build(config(low=low, data=data)).learner.model.eval()
    assert isinstance(model.coarse, ToldGuidedDenoiser)
    x = images_of(np.concatenate([blobs(40), blobs(24, seed=1)])[..., None]).double()
    x = x.unflatten(-2, (-1, 4)).unflatten(-1, (-1, 4)).mean((-3, -1))
    x = torch.cat([x, x.flip(-1)]).flatten(1)
    law = GaussianDenoiser(x.mean(0).reshape(1, 4, 4), torch.cov(x.T, correction=0))
    y = torch.rand(2, 1, 4, 4, generator=torch.Generator().manual_seed(0))
    for sigma in (0.05, 1.0):
        with torch.no_grad():
            found = model.coarse(y, sigma)
        torch.testing.assert_close(found.double(), law(y.double(), sigma), rtol=0, atol=1e-4)
    for form in ("bounded", "residual"):
        with pytest.raises(ValueError, match="guided is for form: scaled"):
            config(low=low | {"form": form, "shows_level": False})
    details = config().model_dump()["details"]
    with pytest.raises(ValueError, match="guided is for the low band"):
        config(low=low, details=[details[0] | {"form": "scaled", "guided": True}, details[1]])


PLAIN = {"architecture": "BFCNN", "form": "residual"}
SMALL = {"width": 4, "depth": 3}


@pytest.mark.parametrize("channels", [1, 3])
def test_residual_factors_see_nothing_but_images_and_low_bands(config, channels):
    """In colour 3, and 12 for 9; the model is homogeneous, as their networks are."""
    data = config().data.model_copy(update={"channels": channels})
    options = {"channels": 4 * channels, "outputs": 3 * channels, **SMALL}
    details = PLAIN | {"options": options, "sigma": [0.005, 0.3]}
    low = PLAIN | {"options": {"channels": channels, **SMALL}, "sigma": [0.02, 2.0]}
    made = build(config(low=low, details=[details] * 2, data=data.model_dump()))
    model = MultiscaleDenoiser(made.learner.model).eval()
    y = torch.rand(2, channels, 16, 16, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        torch.testing.assert_close(model(3 * y), 3 * model(y), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("form", ["bounded", "scaled", "residual"])
def test_a_cascade_without_details_is_a_denoiser_of_whole_pictures(config, tmp_path, form):
    """And the plug-in denoiser of no scale is that denoiser."""
    options = {"channels": 2 if form == "bounded" else 1, "outputs": 1, **SMALL}
    low = PLAIN | {"form": form, "options": options, "sigma": [0.02, 0.4]}
    trained = sl.load(train(config(low=low, details=[], steps=2), quiet=True))
    assert isinstance(trained, Denoiser)
    assert plan_of(trained, SampleSettings(trained)).schedule == VarianceExploding(0.4, 0.02)
    assert (trained.most, trained.learnt) == (0.4, (16, 16))  # beyond these, denoise warns
    y = torch.rand(2, 1, 16, 16, generator=torch.Generator().manual_seed(0))
    assert trained(y, 0.1).shape == y.shape
    assert sl.sample(trained, n=1, steps=2).images.shape == (1, 1, 16, 16)
    (entry,) = [e for e in read_log(tmp_path / "run" / "log.jsonl") if "low" in e][-1:]
    assert entry["held_out_loss"] == pytest.approx(entry["low"])


@pytest.mark.parametrize(
    ("name", "counts", "together"),
    [("pixel-celebahq128", [160.3], 160.3), ("wavelet-celebahq128", [52.5, 120.6, 156.3], 329.5)],
)
def test_u_nets_have_the_weights_of_the_published_sizes(name, counts, together):
    """In millions, counted in the published code; the paper itself gives no count."""
    config = read_config(name)
    parts = [config.low, *config.details]
    with torch.device("meta"):
        networks = [build_network(part.architecture, part.options) for part in parts]
    assert [round(count(network) / 1e6, 1) for network in networks] == counts
    assert round(sum(map(count, networks)) / 1e6, 1) == together
    told = [3, *(12 for _ in config.details)]
    assert [network.accepts for network in networks] == [(1 + n,) for n in told]
    assert all(part.shows_level and part.form == "scaled" for part in parts)


@pytest.mark.parametrize(("name", "scales"), [("local-celeba160", 2), ("local-celebahq320", 3)])
def test_published_sizes_have_the_published_weights(name, scales):
    """665,856 of the low band, and 214,144 of a field of 13 pixels at each scale."""
    config = read_config(name)
    parts = [config.low, *config.details]
    with torch.device("meta"):
        networks = [build_network(part.architecture, part.options) for part in parts]
    counts = [sum(p.numel() for p in network.parameters()) for network in networks]
    assert counts == [665_856] + [214_144] * scales
    assert [2 * network.receptive_radius + 1 for network in networks[1:]] == [13] * scales
    assert config.data.side >> scales == 40


def test_mirror_images_do_not_make_a_law_of_few_pictures(config):
    """At some frequencies they have the modes of what they mirror: covariances are singular."""
    cfg = config(whiten=True)
    assert cfg.data.flip
    with pytest.raises(InputError, match="4 pictures to find the law of 4 bands"):
        cascade_model(cfg, blobs(4)[..., None], factor_networks(cfg))


@pytest.mark.parametrize("form", ["scaled", "bounded"])
def test_factors_know_the_unit_of_gaussian_pictures(config, tmp_path, form):
    """Of 0.5 + noise of pixels, of 2x2 and of 4x4 blocks, of deviations 0.08, 0.04 and 0.06.

    In the unit of means, pixels give details of variance 0.08²/4, what means of 2x2 vary by gives
    coarser ones of (0.04² + 0.08²/4)/4, and means of 4x4 vary by as much and 0.06².
    """
    rng, s = np.random.default_rng(5), (0.08, 0.04, 0.06)
    x = np.full((500, 16, 16), 0.5)
    for deviation, block in zip(s, (1, 2, 4), strict=True):
        noise = rng.normal(0, deviation, (500, 16 // block, 16 // block))
        x += noise.repeat(block, 1).repeat(block, 2)
    np.save(tmp_path / "gaussian.npy", x.clip(0, 1).astype(np.float32))
    coarser = (s[1] ** 2 + s[0] ** 2 / 4) / 4
    variances = [coarser + s[2] ** 2, coarser, s[0] ** 2 / 4]
    part = {"form": form, "bound": 2.0}
    experiment = build(
        config(
            low=(LOW | {"options": LOW["options"] | {"channels": 1 + (form == "bounded")}})
            | part
            | {"sigma": [0.02, 4.0]},
            details=[DETAILS | part | {"sigma": [0.005, 0.9]}] * 2,
            data={"train": [str(tmp_path / "gaussian.npy")]},
        )
    )
    found = [factor.variance for factor in experiment.learner.objective.factors]
    assert found == pytest.approx(variances, rel=0.06)
    deviations = [variance**0.5 for variance in variances]
    factors = experiment.learner.model.factors
    if form == "bounded":
        assert [f.bound for f in factors] == pytest.approx([2 * d for d in deviations], rel=0.03)
        return
    told = {"mean": 0.5, "deviation": deviations[0]}
    low, *details = (factor.scales for factor in factors)
    assert low[:2] == pytest.approx(list(told.values()), rel=0.03)
    for scales, deviation in zip(details, deviations[1:], strict=True):
        assert scales == pytest.approx((0.0, deviation, *told.values()), rel=0.03)
    assert [factor.bound for factor in factors] == [2.0] * 3


def test_the_variance_of_details_counts_all_pictures_alike(tmp_path):
    """Also where the last of the parts that are looked at has one picture: it had a half of it."""
    pixels = np.random.default_rng(0).integers(100, 150, (251, 8, 8)).astype(np.uint8)
    pixels[-1] = 255 * (np.indices((8, 8)).sum(0) % 2)  # a chessboard
    np.save(tmp_path / "pixels.npy", pixels)
    factors = {
        "low": LOW | {"sigma": [0.005, 8.0]},
        "details": [DETAILS | {"sigma": [0.002, 0.5]}],
    }
    data = {"train": [str(tmp_path / "pixels.npy")], "hold_out": 0}
    config = {"task": "cascade", "data": data, "steps": 1, "batch": 1, "output": "runs/pixels"}
    experiment = build(CascadeConfig.model_validate(config | factors))
    model = experiment.learner.model
    pictures = torch.from_numpy(pixels / 255.0).float()[:, None]
    _, (_, band, _) = parts_of(model, pictures)
    found = experiment.learner.objective.factors[1].variance
    assert found == pytest.approx(float(band.square().mean()), rel=1e-5)
