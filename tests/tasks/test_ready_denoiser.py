"""A model is kept until its file changes, or its name means another file."""

import os
import shutil

import pytest
import torch

from scorelet.models import ResidualDenoiser
from scorelet.tasks import ready_denoiser as module
from scorelet.tasks.ready_denoiser import ready_denoiser
from scorelet.zoo import build_network, save

OPTIONS = {"channels": 1, "widths": [4, 8], "encoder": [1, 1], "decoder": [1]}


def digest(path):
    return ready_denoiser(path, verb="denoise").digest


@pytest.fixture
def files(tmp_path):
    """Two models in files of one name, size and time."""
    paths = []
    for name in ("a", "b"):
        torch.manual_seed(ord(name))
        paths.append(tmp_path / name / "m.safetensors")
        paths[-1].parent.mkdir()
        save(ResidualDenoiser(build_network("ShuffleUNet", OPTIONS)), paths[-1])
        os.utime(paths[-1], ns=(10**18, 10**18))
    return paths


def test_a_file_that_is_replaced_is_read_again(files):
    mine, other = files
    before = digest(mine)
    assert ready_denoiser(mine, verb="denoise") is ready_denoiser(mine, verb="denoise")
    shutil.copy2(other, mine)  # with its time
    assert digest(mine) == digest(other) != before


def test_a_name_is_that_of_a_file_in_the_present_folder(files, monkeypatch):
    found = []
    for path in files:
        monkeypatch.chdir(path.parent)
        found.append(digest(path.name))
    assert found == [digest(path) for path in files]
    assert found[0] != found[1]


def test_a_hub_is_asked_once_and_for_its_own_models_only(files, monkeypatch, tmp_path):
    asked = []

    def locate(model):
        asked.append(model)
        return files[0]

    monkeypatch.setattr(module, "_fetched", module.lru_cache(locate))
    monkeypatch.chdir(tmp_path)
    assert digest("owner/name") == digest("owner/name") == digest(files[0])
    assert asked == ["owner/name"]
    (tmp_path / "owner").mkdir()
    shutil.copy2(files[1], tmp_path / "owner" / "name")
    assert digest("owner/name") == digest(files[1])
