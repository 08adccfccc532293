"""Pictures, files and small models that several tests use."""

import io
import os
import sys
from contextlib import contextmanager
from pathlib import Path

import imagecodecs
import numpy as np
import torch
from PIL import Image, ImageCms
from torch import nn

from scorelet.core.random import generator
from scorelet.data import from_unit
from scorelet.models import Classifier, Denoiser, Locality, ResidualDenoiser
from scorelet.networks import BFCNN, BiasFreeBatchNorm, ShuffleUNet, UNet
from scorelet.zoo import save
from scorelet.zoo.kind import KINDS, LATER

RGB_PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@contextmanager
def kinds_restored():
    """Forget what is registered within; kinds that were to be imported later are again."""
    kinds, later = dict(KINDS), dict(LATER)
    try:
        yield
    finally:
        for table, before in ((KINDS, kinds), (LATER, later)):
            table.clear()
            table.update(before)


class Answering(nn.Module):
    """A network of others, which knows no base class of ours."""

    def __init__(self, answer):
        super().__init__()
        self.answer = answer

    def forward(self, y):
        return self.answer(y)


class Pointwise(Denoiser):
    """A blind function of each pixel."""

    blind = True

    def __init__(self, function):
        super().__init__()
        self.function = function

    def _denoise(self, y, sigma, cond, label):
        return self.function(y)


class Identity(Denoiser):
    """Takes nothing out."""

    blind = True

    def _denoise(self, y, sigma, cond, label):
        return y


class Blend(Denoiser):
    """The mean of a picture and its condition."""

    blind, conditional, locality = True, True, Locality(receptive_radius=0)

    def _denoise(self, y, sigma, cond, label):
        return y if cond is None else (y + cond) / 2


class ChannelMeans(nn.Module):
    """A classifier of colours: logits are linear in the mean of each channel."""

    def __init__(self, channels=3, *, classes=3):
        super().__init__()
        self.options = {"channels": channels, "classes": classes}
        self.accepts = (channels,)
        self.receptive_radius, self.multiple = None, 1
        self.classes = classes
        self.head = nn.Linear(channels, classes)

    def forward(self, x):
        return self.head(x.mean((2, 3)))


def colour_classifier(*, size=None, fit="crop", gain=20.0):
    """Tells red, green and blue pictures apart: logits are `gain` times the mean colour."""
    network = ChannelMeans()
    with torch.no_grad():
        network.head.weight.copy_(gain * torch.eye(3))
        network.head.bias.zero_()
    return Classifier(network, ("red", "green", "blue"), size=size, fit=fit).eval()


def plain_colours(numbers, side):
    """Pictures (n, side, side, 3) of one colour each: 0 is red, 1 green, 2 blue."""
    colours = 255 * np.eye(3, dtype=np.uint8)[numbers]
    return np.broadcast_to(colours[:, None, None], (len(colours), side, side, 3)).copy()


def write_colours(path, *, side=6):
    """A labelled set in which one of six test pictures, a red one, is said to be green."""
    np.savez(
        path,
        x_test=plain_colours([0, 0, 1, 2, 2, 0], side),
        y_test=np.array([0, 0, 1, 2, 2, 1]),
        x_train=plain_colours([0, 1, 2, 2], side),
        y_train=np.array([0, 1, 2, 0]),
        classes=np.array(["red", "green", "blue"]),
    )
    return path


def small_network(kind="shuffle-unet", channels=1, seed=0):
    """A network of few channels whose random weights make a result far from its input."""
    network = {
        "bf-cnn": lambda: BFCNN(channels, width=5, depth=4),
        "unet": lambda: UNet(channels, width=4, blocks=2),
        "shuffle-unet": lambda: ShuffleUNet(channels, widths=(6, 8), encoder=(1, 1), decoder=(1,)),
    }[kind]()
    rng = generator(seed)
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, BiasFreeBatchNorm):
                module.gain.uniform_(0.5, 1.5, generator=rng)
            elif isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
                fan = module.weight[0].numel()
                module.weight.normal_(0, fan**-0.5, generator=rng)
    return network.eval()


def write_smoother(path, *, channels=3):
    """A checkpoint of a denoiser that takes the mean of 3x3 pixels, which are black outside."""
    network = BFCNN(channels, width=2 * channels, depth=2)
    first, last = (layer for layer in network.modules() if isinstance(layer, nn.Conv2d))
    with torch.no_grad():
        for layer in (first, last):
            layer.weight.zero_()
        for k in range(channels):  # max(u, 0) - max(-u, 0) of u = y less its mean
            for row, sign in ((k, 1), (channels + k, -1)):
                first.weight[row, k] = -sign / 9
                first.weight[row, k, 1, 1] += sign
                last.weight[k, row, 1, 1] = sign
    save(ResidualDenoiser(network), path)
    return path


def write_model(path, *, channels=3, seed=0):
    """A checkpoint of `small_network` that removes a tenth of what the network says is noise."""
    network = small_network(channels=channels, seed=seed)
    with torch.no_grad():
        network.tail.weight.mul_(0.1)
    save(ResidualDenoiser(network), path)
    return path


def waves(height, width, channels=3):
    """A smooth picture, values 0.25 to 0.75."""
    y, x = np.mgrid[:height, :width] / 9.0
    return np.stack([0.5 + 0.25 * np.sin(x + k) * np.cos(y - k) for k in range(channels)], axis=-1)


def noisy(height, width, channels=3, *, sigma=20.0, seed=0, dtype="uint8"):
    """`waves` with white noise of `sigma` 8-bit units."""
    clean = waves(height, width, channels)
    noise = np.random.default_rng(seed).standard_normal(clean.shape)
    return from_unit(clean + sigma / 255 * noise, dtype)


def plain(samples):
    """(height, width, channels), or (height, width) for gray: what writers expect."""
    return np.ascontiguousarray(samples[..., 0] if samples.shape[-1] == 1 else samples)


def write_png(path, samples):
    """Write (height, width, channels) samples without scorelet."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(imagecodecs.png_encode(plain(samples)))
    return path


def read_png(path):
    """Read samples without scorelet."""
    return imagecodecs.png_decode(path.read_bytes())


def pillow(path):
    """A file as Pillow sees it, without keeping it open."""
    return Image.open(io.BytesIO(path.read_bytes()))


def exif(orientation=1):
    """An EXIF block with a maker and an orientation."""
    block = Image.Exif()
    block[0x010F] = "A maker"
    block[0x0112] = orientation
    return block


def names(folder):
    """What lies below a folder, hidden files too, but for journals."""
    found = (p for p in Path(folder).rglob("*") if p.is_file() and p.suffix != ".jsonl")
    return sorted(str(p.relative_to(folder)) for p in found)


def assert_one_sentence(stderr, words):
    """Nothing but one error, with these words in it."""
    assert stderr.startswith("error: ")
    assert words in stderr
    assert stderr.count("\n") == 1


def environment(**extra):
    """Environment variables with which a child process finds scorelet."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **extra}


TORCHRUN = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]


def loopback():
    """Environment variables with which two processes talk to each other on this computer."""
    return environment(GLOO_SOCKET_IFNAME="lo", CUDA_VISIBLE_DEVICES="")
