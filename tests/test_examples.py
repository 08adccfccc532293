"""The programs in examples/ run, and write what they say."""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest
import torch

import scorelet as sl
from linear_classifiers import Linear
from samples import read_png, write_png
from scorelet.cli.main import run

EXAMPLES = Path(__file__).parents[1] / "examples"
CLEAN = EXAMPLES / "clean"


def example(name):
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_no_example_is_forgotten():
    here = Path(__file__).read_text(encoding="utf-8")
    for path in EXAMPLES.glob("*.py"):
        assert f'"{path.stem}"' in here, path.name


def test_noise_of_the_stated_level(tmp_path):
    example("add_noise").main(CLEAN / "camera.png", tmp_path / "noisy.png", 10.0, 0)
    noise = read_png(tmp_path / "noisy.png").astype(float) - read_png(CLEAN / "camera.png")
    assert 9 < noise.std() < 10.5  # cut off at black and white


def test_workers_denoise_what_is_left_and_name_what_fails(tmp_path):
    bulk = example("bulk_ray")
    source, output = tmp_path / "in", tmp_path / "out"
    (source / "more").mkdir(parents=True)
    pixels = np.random.default_rng(0).integers(0, 256, (16, 16, 3), np.uint8)
    for name in ("a.png", "more/b.png"):
        write_png(source / name, pixels)
    (source / "bad.png").write_text("no picture", encoding="utf-8")
    (source / "words.txt").write_text("no picture", encoding="utf-8")
    worker = bulk.Worker()
    done = [worker(row) for row in bulk.pictures(source, output)]
    assert [Path(row["source"]).name for row in done] == ["a.png", "bad.png", "b.png"]
    assert [bool(row["error"]) for row in done] == [False, True, False]
    assert np.array_equal(read_png(output / "more/b.png"), sl.denoise(source / "a.png").image)
    (left,) = bulk.pictures(source, output)
    assert Path(left["source"]).name == "bad.png"
    assert [row["source"] for row in bulk.pictures(tmp_path, output)] == [
        str(source / name) for name in ("a.png", "bad.png", "more/b.png")
    ]


def test_edges_are_in_the_bands_that_the_page_names(tmp_path):
    example("edge_bands").main(tmp_path / "bands.png")
    bands = read_png(tmp_path / "bands.png")
    panel, row = 4 * 32 + 8, bands.shape[0] // 2
    H, V = (slice(k * panel, k * panel + 128) for k in (2, 3))
    vertical, horizontal = bands[: row - 4], bands[row + 4 :]
    assert vertical[:, V].std() > 10
    assert horizontal[:, H].std() > 10
    assert max(vertical[:, H].std(), horizontal[:, V].std()) < 1  # rounding


@pytest.mark.slow
def test_a_picture_comes_back_from_its_coefficients(tmp_path):
    path = tmp_path / "inverted.png"
    (error,) = example("invert_scattering").main(CLEAN / "camera.png", path, [2], 40, 32)
    assert error < 0.05
    assert read_png(path).shape[:2] == (32, 64)


@pytest.mark.slow
def test_a_model_of_fields_is_drawn(tmp_path):
    example("draw_field_model").main(tmp_path / "model.png", count=60, side=8)
    assert read_png(tmp_path / "model.png").std() > 10


@pytest.mark.slow
def test_samples_of_twins_are_drawn(tmp_path):
    verdicts = example("draw_audit").main(tmp_path / "new/audit.png", sizes=(2, 4), side=8, steps=2)
    assert verdicts == ["undertrained"] * 2
    assert read_png(tmp_path / "new/audit.png").std() > 10


@pytest.mark.slow
def test_statistics_of_maps_are_drawn(tmp_path):
    example("compare_statistics").main(tmp_path / "new", count=4, side=32)
    for name in ("fields.png", "peaks.png"):
        assert read_png(tmp_path / "new" / name).std() > 10


@pytest.mark.slow
def test_three_kinds_of_noise_are_told_apart(tmp_path):
    drawing = example("draw_noise")
    found = drawing.main(CLEAN / "chelsea.png", tmp_path / "noise.png")
    assert [one.kind.white for one in found.values()] == [True, False, False]
    assert found["on a sensor"].kind.a == pytest.approx(drawing.A, rel=0.1)
    assert read_png(tmp_path / "noise.png").std() > 10


@pytest.mark.slow
def test_the_arrows_are_the_score(tmp_path):
    drawing = example("draw_score")
    drawing.main(tmp_path / "score.png")
    assert read_png(tmp_path / "score.png").std() > 10
    model = drawing.mixture()
    y = torch.rand(4, 1, 1, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    assert torch.allclose((model(y, 0.2) - y) / 0.04, model.score(y, 0.2))


def test_the_layout_of_coefficients_is_the_picture_at_every_scale(tmp_path):
    drawing = example("draw_scales")
    drawing.main(CLEAN / "chelsea.png", tmp_path / "scales.png")
    shown = read_png(tmp_path / "scales.png").astype(float)
    side, gap = drawing.SIDE, drawing.GAP
    small = shown[: side // 4, side + gap : side + gap + side // 4]
    means = shown[:, :side].reshape(side // 4, 4, side // 4, 4).mean((1, 3))
    assert abs(small - means).mean() < 10  # a low band is about a mean of 4 x 4 pixels


@pytest.mark.slow
@pytest.mark.parametrize("name", ["draw_wavelets", "draw_energies", "draw_scattering"])
def test_drawings_are_made(name, tmp_path):
    small = {"draw_energies": {"side": 8}, "draw_scattering": {"side": 32, "count": 2}}
    example(name).main(tmp_path / "new" / "drawing.png", **small.get(name, {}))
    assert read_png(tmp_path / "new" / "drawing.png").std() > 10


def test_order_two_tells_textures_apart():
    drawing = example("draw_scattering")
    x = torch.rand(1, 32, 32, generator=torch.Generator().manual_seed(0))
    first, second = drawing.coefficients(x)
    assert (first > 0).all()
    scales = range(drawing.OCTAVES)
    assert all((second[j, k] > 0) == (j < k) for j in scales for k in scales)


@pytest.mark.slow
def test_the_basis_of_a_picture_is_drawn(tmp_path):
    first, *others = example("draw_basis").main(
        CLEAN / "chelsea.png", tmp_path / "basis.png", side=18
    )
    assert 0.8 < first < 5
    assert others == pytest.approx([1, 0.5, 0.25, 0], abs=0.1)
    assert read_png(tmp_path / "basis.png").std() > 10


@pytest.mark.slow
def test_noise_is_taken_out_beside_black_and_white(tmp_path):
    assert example("draw_cut_off").main(CLEAN / "chelsea.png", tmp_path / "c.png", side=128) > 8.5
    assert read_png(tmp_path / "c.png").shape == (256, 256, 3)


@pytest.mark.slow
def test_noises_that_are_not_white_are_taken_out(tmp_path):
    gains = example("draw_unlike").main(CLEAN / "chelsea.png", tmp_path / "u.png")
    assert min(gains) > 4
    assert read_png(tmp_path / "u.png").shape == (384, 768, 3)


@pytest.mark.slow
def test_a_small_picture_is_enlarged(tmp_path):
    main = example("draw_restore").main
    gain = main(CLEAN / "chelsea.png", tmp_path / "r.png", size=(48, 64), quality="fast", samples=4)
    assert gain > 0
    assert read_png(tmp_path / "r.png").shape == (48, 192, 3)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:no blur was given")
def test_blurred_pictures_are_restored(tmp_path):
    main = example("draw_deblur").main
    gains = main(CLEAN / "chelsea.png", tmp_path / "d.png", quality="fast")
    assert gains[0] > 1.5
    assert gains[1] > 5
    assert read_png(tmp_path / "d.png").shape == (160, 704, 3)


@pytest.mark.slow
def test_pixels_need_more_steps_with_each_octave(tmp_path):
    found = example("draw_steps").main(tmp_path / "steps.png", side=16, sides=(8, 16))
    assert found["in pixels"][1] > 1.4 * found["in pixels"][0]
    assert found["finest details"][1] <= found["finest details"][0] + 2
    assert read_png(tmp_path / "steps.png").std() > 10


def test_a_coarse_field_is_continued(tmp_path):
    assert example("draw_cascade").main(tmp_path / "cascade.png", side=16) < 1e-5
    assert read_png(tmp_path / "cascade.png").std() > 10


@pytest.mark.slow
def test_digits_are_separated_by_depth(tmp_path):
    assert example("draw_separation").main(tmp_path / "depth.png", steps=60) > 0.7
    assert read_png(tmp_path / "depth.png").std() > 10


@pytest.mark.slow
def test_results_are_drawn(tmp_path):
    row = {"error_percent": 40.0, "error_percent_error": 1.0, "published": None}
    rows = [{"network": name, **row} for name in ("a", "b")] + [
        {"network": "c", "error_percent": 50.0, "error_percent_error": None, "published": 10.0}
    ]
    curve = [{"block": k, "a": 1.0 * k, "a_error": 0.1} for k in (1, 2)]
    path = tmp_path / "results.json"
    path.write_text(json.dumps({"networks": rows, "fisher_ratios": curve}))
    example("draw_results").main(path, tmp_path / "drawn.png")
    assert read_png(tmp_path / "drawn.png").std() > 10


@pytest.mark.slow
def test_a_joint_network_is_drawn_beside_its_controls(tmp_path):
    drawing = example("draw_joint")
    results = EXAMPLES.parent / "docs/results/joint_controls.json"
    drawing.main(results, tmp_path / "drawn.png")
    assert read_png(tmp_path / "drawn.png").std() > 10
    rows = json.loads(results.read_text(encoding="utf-8"))["attacks"]
    curve = [row for row in rows if row["norm"] == "l2" and drawing.of_curve(row)]
    joint = {row["eps"]: row["accuracy"] for row in curve if row["network"] == "joint"}
    assert list(joint.values()) == sorted(joint.values(), reverse=True)
    assert len(joint) == 4


def test_results_of_other_recipes_are_refused_with_those_that_are_drawn(tmp_path):
    path = tmp_path / "results.json"
    path.write_text(json.dumps({"networks": []}))
    with pytest.raises(SystemExit, match="wrote of phase_collapse or separation_concentration"):
        example("draw_results").main(path, tmp_path / "drawn.png")
    assert not (tmp_path / "drawn.png").exists()


@pytest.mark.slow
def test_digits_are_learned_measured_and_named(tmp_path, monkeypatch):
    """The commands of the front page."""
    monkeypatch.chdir(tmp_path)
    example("write_digits").main(tmp_path / "digits")
    assert run(["train", str(EXAMPLES / "digits.yaml"), "--quiet"]) == 0
    weights = "runs/digits/weights.safetensors"
    assert sl.evaluate("digits", model=weights)["accuracy"] > 0.85
    assert run(["fisher", "--model", weights, "--data", "digits", "-o", "depth.html"]) == 0
    found = sl.classify("digits/test/2", model=weights, k=3)
    assert sum(one.classes[0] == "2" for one in found) > 0.8 * len(found)


@pytest.mark.slow
def test_a_run_is_drawn_from_its_log(tmp_path):
    lines = [{"step": k, "loss": 1 / k, "rate": 0.1} for k in range(1, 9)]
    lines[3]["accuracy"] = 0.5
    (tmp_path / "log.jsonl").write_text("\n".join(map(json.dumps, lines)))
    found = example("draw_training").main(tmp_path, tmp_path / "run.png")
    assert found == ["loss", "rate", "accuracy"]
    assert read_png(tmp_path / "run.png").std() > 10


@pytest.mark.slow
def test_a_cat_is_drawn_as_a_cat(tmp_path):
    picture = {"chelsea": read_png(CLEAN / "chelsea.png")}
    found = example("draw_classes").main(
        tmp_path / "classes.png", sl.load("cifar10-scattering"), picture
    )
    assert found == ["cat"]
    assert read_png(tmp_path / "classes.png").std() > 10


@pytest.mark.slow
def test_separation_by_blocks_is_drawn(tmp_path):
    """Classes of one mean: pixels separate nothing, moduli do."""
    x = np.random.default_rng(0).normal(0, 20, (400, 32, 32, 3))
    y = np.arange(400) % 2
    x[y == 1] *= 2
    x = np.clip(x + 128, 0, 255).astype(np.uint8)
    np.savez(tmp_path / "set.npz", x_test=x, y_test=y)
    main, target = example("draw_depth").main, tmp_path / "depth.png"
    found = main(target, "cifar10-scattering", tmp_path / "set.npz", dimension=16)
    assert found["input"].fisher.corrected < 0.1
    assert found["blocks.0"].fisher.corrected > 1
    assert read_png(target).std() > 10


@pytest.mark.slow
def test_a_shift_changes_coefficients_more_than_moduli(tmp_path):
    coefficients, moduli = example("draw_collapse").main(tmp_path / "collapse.png")
    assert coefficients > 2 * moduli
    assert read_png(tmp_path / "collapse.png").std() > 10


@pytest.mark.slow
def test_classes_are_separated_and_concentrated(tmp_path):
    one_mean, separated, noisy, kept = example("draw_concentration").main(tmp_path / "c.png")
    assert one_mean < 0.01 < 1 < separated
    assert kept > 3 * noisy
    assert read_png(tmp_path / "c.png").std() > 10


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:32 x 32 pixels are too few for this flow")
def test_all_laws_are_drawn(tmp_path):
    example("draw_fields").main(tmp_path / "laws.png", side=32)
    assert read_png(tmp_path / "laws.png").std() > 10


@pytest.mark.slow
def test_a_picture_is_denoised_at_every_level(tmp_path):
    """Noise of 5 leaves little to gain; at 75 most of it is gone."""
    gains = example("draw_denoise").main(CLEAN / "chelsea.png", tmp_path / "levels.png")
    assert gains == sorted(gains)
    assert gains[0] > 2
    assert gains[-1] > 12
    assert read_png(tmp_path / "levels.png").shape == (320, 800, 3)


@pytest.mark.slow
def test_what_a_classifier_withstands_is_drawn(tmp_path):
    x = torch.rand(12, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    net = Linear(3)
    found = example("draw_robust").main(
        tmp_path, tmp_path / "r.json", model=net, data=(x, net(x).argmax(1).detach())
    )
    assert found["accuracy"] == 1
    assert json.loads((tmp_path / "r.json").read_text()) == found
    for name in ("robust.png", "attacked.png"):
        assert read_png(tmp_path / name).std() > 10


@pytest.mark.slow
def test_two_networks_are_compared_by_their_weights(tmp_path):
    target = tmp_path / "weights.png"
    found = example("draw_weights").main(target, steps=150)
    second, third = (layer.agreement.mean for layer in found.layers[1:3])
    assert min(second, third) > 0.4  # not aligned they have nothing in common
    assert read_png(target).std() > 10


@pytest.mark.slow
def test_a_raw_file_is_drawn_before_and_after(tmp_path):
    pytest.importorskip("rawpy")
    found = example("draw_raw").main(CLEAN / "chelsea.png", tmp_path / "raw.png")
    assert "RGGB mosaic" in found
    before, after = np.split(read_png(tmp_path / "raw.png").astype(float), 2, 1)
    rough = [np.abs(np.diff(part[..., 1])).mean() for part in (before, after)]
    assert rough[1] < 0.6 * rough[0]
