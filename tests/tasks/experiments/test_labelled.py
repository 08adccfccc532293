"""What the tasks of labelled pictures say of their data and of what their network starts from."""

from functools import partial

import numpy as np
import pytest

from samples import write_png
from scorelet.core.errors import InputError
from scorelet.models import Classifier, ResidualDenoiser
from scorelet.tasks.experiments import build, read_config
from scorelet.zoo import build_network, save

DENOISER = {"architecture": "BFCNN", "options": {"channels": 3, "width": 4, "depth": 3}}
NETWORKS = {
    "classify": {"architecture": "ResNet", "options": {"channels": 3, "classes": 2}},
    "joint": {"architecture": "GradResNet", "options": {"classes": 2, "width": 0.125}},
    "denoise-set": DENOISER,
}


@pytest.fixture(params=NETWORKS)
def file(request, configuration, tmp_path):
    """Make a configuration of each task; pictures of two classes, of which two are broken."""
    rng = np.random.default_rng(0)
    for part in ("train", "test"):
        for name in ("cat", "dog"):
            for k in range(4):
                pixels = rng.integers(0, 256, (16, 16, 3), dtype=np.uint8)
                write_png(tmp_path / "set" / part / name / f"{k}.png", pixels)
        (tmp_path / "set" / part / "cat" / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\nx")
        (tmp_path / "set" / part / "dog" / "notes.txt").write_text("x")
    tree = {
        "task": request.param,
        "model": NETWORKS[request.param],
        "data": {"source": str(tmp_path / "set")},
    }
    return partial(configuration, tree)


def test_what_is_left_out_of_the_validation_is_said_too(file, tmp_path):
    notes = build(read_config(file(data={"test": True}))).notes
    for part in ("train", "test"):
        folder = tmp_path / "set" / part
        broken, foreign = (note for note in notes if str(folder) in note)
        assert broken.startswith("1 of 9 pictures was left out (cat/bad.png): ")
        assert foreign.startswith(f"in {folder}, 1 file is of no kind that is read: 1 .txt")
    assert len(notes) == 4


def test_a_folder_without_a_part_test_is_not_validated_on_what_it_teaches(file, tmp_path):
    data = {"source": str(tmp_path / "set" / "train"), "test": True}
    with pytest.raises(InputError, match=r"train is a folder of classes without a part test"):
        build(read_config(file(data=data)))


@pytest.mark.parametrize("area", [None, 0.5])
def test_what_both_parts_of_a_set_leave_out_is_said_once(file, tmp_path, area):
    data = {"source": str(tmp_path / "set" / "train"), "hold_out": 7, "area": area}
    notes = build(read_config(file(data=data))).notes
    assert [sum(name in note for note in notes) for name in ("notes.txt", "bad.png")] == [1, 1]


def test_pictures_of_arrays_keep_their_channels_and_sizes(file, tmp_path):
    x = np.zeros((4, 16, 16, 1), np.uint8)
    np.savez(tmp_path / "gray.npz", x_train=x, y_train=np.arange(4) % 2)
    with pytest.raises(InputError, match=r"gray.npz have 1: change model.options\.$"):
        build(read_config(file(data={"source": str(tmp_path / "gray.npz")})))
    with pytest.raises(InputError, match=r"train are read with 1 \(data.channels\): change"):
        build(read_config(file(data={"source": str(tmp_path / "set" / "train"), "channels": 1})))


def test_weights_that_do_not_come_from_the_file_are_counted(file, tmp_path):
    config = read_config(file())
    start = "cifar10-joint" if config.task == "joint" else str(tmp_path / "other.safetensors")
    if config.task == "denoise-set":
        save(ResidualDenoiser(build_network("BFCNN", DENOISER["options"] | {"width": 2})), start)
    if config.task == "classify":
        network = build_network("ResNet", config.model.options | {"classes": 3})
        save(Classifier(network, ("cat", "dog", "emu"), size=(16, 16)), start)
    model = config.model.model_copy(update={"start_from": start})
    notes = build(config.model_copy(update={"model": model})).notes
    assert sum(f"come from {start}; " in note for note in notes) == 1
