"""Files of weights of others are attacked and measured, with the classes of the data."""

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from scorelet import LabelledImages
from scorelet.core.errors import InputError
from scorelet.tasks.evaluate import evaluate
from scorelet.tasks.foreign_classifier import foreign_classifier
from scorelet.tasks.robust import robust

COLOURS = ("blue", "green", "red")
CODE = """
from torch import nn

def net(classes=3):
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, classes, bias=False))
"""


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Uniform pictures whose colour lies `gap` above the others', and the net that reads it."""
    tmp_path = tmp_path_factory.mktemp("foreign")
    for place, name in enumerate(COLOURS):
        (tmp_path / "data" / name).mkdir(parents=True)
        for number, gap in enumerate((20, 40, 60, 80)):
            pixels = np.full((12, 16, 3), 100, np.uint8)
            pixels[..., 2 - place] += gap
            Image.fromarray(pixels).save(tmp_path / "data" / name / f"{number}.png")
    (tmp_path / "colour_means.py").write_text(CODE)
    flipped = torch.eye(3).flip(0)  # logits are blue, green, red
    torch.save({"2.weight": flipped}, tmp_path / "w.pth")
    return tmp_path


def test_accuracy_under_attack_is_the_closed_form(files):
    """The change of one colour up and another down by eps beats a gap of 2 eps."""
    found = robust(
        files / "data", model=files / "w.pth", arch=f"{files}/colour_means.py:net", size=(8, 8),
        eps=[15 / 255, 25 / 255, 35 / 255], limit=12, steps=10,
    ).document  # fmt: skip
    assert [row["accuracy"] for row in found["rows"]] == [1.0, 0.75, 0.5, 0.25]
    assert found["arch"] == f"{files}/colour_means.py:net"


def test_attacks_are_transferred_between_files_of_weights(files):
    arch = f"{files}/colour_means.py:net"
    found = robust(
        files / "data", model=files / "w.pth", arch=arch, transfer_from=files / "w.pth",
        transfer_arch=arch, size=(8, 8), eps=[25 / 255], limit=12, steps=10,
    ).document  # fmt: skip
    assert {row["attack"]: row["accuracy"] for row in found["rows"]}["transfer"] == 0.5


def test_it_is_measured(files):
    found = evaluate(
        files / "data", model=files / "w.pth", arch=f"{files}/colour_means.py:net", size=(8, 8)
    )
    assert (found["accuracy"], found["classes"], found["pictures"]) == (1.0, list(COLOURS), 12)


def test_one_logit_is_refused_with_what_to_write(files):
    """And that is right: the second class has the sigmoid, the first the rest."""
    torch.save({"2.weight": torch.ones(1, 3)}, files / "one.pth")
    (files / "one_mean.py").write_text(CODE.replace("classes=3", "classes=1"))
    words = r"one logit z of a picture.*return torch.cat\(\[torch.zeros_like\(z\), z\], 1\), whose"
    for verb in (evaluate, robust):
        with pytest.raises(InputError, match=words):
            verb(files / "data", model=files / "one.pth", arch=f"{files}/one_mean.py:net")
    z = torch.linspace(-3, 3, 7)[:, None]
    both = torch.cat([torch.zeros_like(z), z], 1).softmax(1)
    assert torch.allclose(both, torch.cat([1 - z.sigmoid(), z.sigmoid()], 1))


def test_classes_of_the_data_are_those_of_the_network(files):
    wide = files / "wide.pth"
    torch.save({"2.weight": torch.ones(5, 3)}, wide)
    (files / "five_means.py").write_text(CODE.replace("classes=3", "classes=5"))
    arch = f"{files}/five_means.py:net"
    with pytest.raises(InputError, match=r"gives 5 logits .* the data have 3 .*the array classes"):
        evaluate(files / "data", model=wide, arch=arch, size=(8, 8))
    x, y = np.zeros((4, 8, 8, 3), np.uint8), np.array([0, 2, 2, 0])  # of two classes of five
    names = np.array(["a", "b", "c", "d", "e"])
    np.savez(files / "some.npz", x_test=x, y_test=y, classes=names)
    found = evaluate(files / "some.npz", model=wide, arch=arch)
    assert (found["classes"], found["accuracy"]) == (names.tolist(), 0.5)


@pytest.mark.parametrize(
    ("name", "answer", "got"),
    [
        ("pair", "(self.net(x), x)", "a tuple"),
        ("named", "{'logits': self.net(x)}", "a dict"),
        ("flat", "self.net(x)[0]", r"numbers of the shape \(3,\)"),
    ],
)
def test_networks_that_return_no_row_of_logits_are_told_so(files, tmp_path, name, answer, got):
    code = CODE.replace("def net", "def inner") + (
        "\nclass Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        f"        self.net = inner()\n\n    def forward(self, x):\n        return {answer}\n"
    )
    (tmp_path / f"returns_{name}.py").write_text(code)
    torch.save({"net.2.weight": torch.eye(3)}, tmp_path / "w.pth")
    with pytest.raises(InputError, match=f"gives {got} for a picture, and one row of logits is"):
        evaluate(
            files / "data", model=tmp_path / "w.pth",
            arch=f"{tmp_path}/returns_{name}.py:Net", size=(8, 8),
        )  # fmt: skip


def test_a_network_that_fails_without_a_word_is_told_by_the_kind_of_its_error(files, tmp_path):
    (tmp_path / "silent.py").write_text(
        "import torch\nfrom torch import nn\n\nclass Silent(nn.Linear):\n"
        "    def __init__(self):\n        super().__init__(3, 3)\n\n"
        "    def forward(self, x):\n        assert x.dtype == torch.uint8\n"
    )
    torch.save(nn.Linear(3, 3).state_dict(), tmp_path / "silent.pth")
    given = {"model": tmp_path / "silent.pth", "arch": f"{tmp_path}/silent.py:Silent"}
    with pytest.raises(InputError, match=r"and 8x8 pixels \(AssertionError\): bring"):
        evaluate(files / "data", size=(8, 8), **given)


def test_names_of_classes_are_needed():
    x = torch.zeros(1, 3, 8, 8)
    with pytest.raises(InputError, match="the model is a Identity: leave arch out"):
        foreign_classifier(nn.Identity(), "colour_means.py:net", x, part="test")
    with pytest.raises(InputError, match="tensors do not"):
        foreign_classifier("w.pth", "colour_means.py:net", x, part="test")
    with pytest.raises(InputError, match="size is for networks that arch builds"):
        robust((x, torch.zeros(1).long()), model=nn.Identity(), size=(8, 8))


def test_a_map_is_no_row_of_logits(files):
    (files / "one_map.py").write_text(
        "from torch import nn\n\ndef net():\n    return nn.Conv2d(3, 3, 1)\n"
    )
    torch.save(nn.Conv2d(3, 3, 1).state_dict(), files / "map.pth")
    x = np.zeros((2, 8, 8, 3), np.uint8)
    images = LabelledImages(x, np.arange(2), ("a", "b"))
    with pytest.raises(InputError, match=r"numbers of the shape \(1, 3, 8, 8\)"):
        foreign_classifier(files / "map.pth", f"{files}/one_map.py:net", images, part="test")


def test_a_network_of_one_size_is_shown_it(files):
    (files / "of_size.py").write_text(
        "from torch import nn\n\n"
        "def net():\n    return nn.Sequential(nn.Flatten(), nn.Linear(192, 3))\n"
    )
    torch.save({"1.weight": torch.zeros(3, 192), "1.bias": torch.zeros(3)}, files / "of_size.pth")
    given = {"model": files / "of_size.pth", "arch": f"{files}/of_size.py:net"}
    found = evaluate(files / "data", size=(8, 8), **given)
    assert (found["arch"], found["size"]) == (given["arch"], [8, 8])
    with pytest.raises(InputError, match=r"fails on a picture of 3 channels and 6x6 pixels"):
        evaluate(files / "data", size=(6, 6), **given)


def test_what_builds_a_source_needs_one(files):
    with pytest.raises(InputError, match="model to transfer from: name that"):
        robust(
            files / "data", model=files / "w.pth", arch=f"{files}/colour_means.py:net",
            transfer_arch="torchvision:resnet18", size=(8, 8),
        )  # fmt: skip
