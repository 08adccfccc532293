"""Networks whose alignment is known: copies with their hidden channels permuted or rotated."""

import copy

import torch
from torch import Tensor, nn

from planted_weights import rng


class ResidualNet(nn.Module):
    """In the manner of torchvision: residual blocks with norms that have gains, in-place relu."""

    def __init__(self, width=8, classes=4):
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        self.layer1 = _Block(width, width, 1)
        self.layer2 = _Block(width, 2 * width, 2)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(2 * width, classes)

    def forward(self, x):
        x = self.relu(self.bn1(self.conv1(x)))
        x = self.layer2(self.layer1(x))
        return self.fc(torch.flatten(self.avgpool(x), 1))


class _Block(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.downsample = None
        if stride > 1 or inputs != outputs:
            self.downsample = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)
            )

    def forward(self, x):
        y = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        return self.relu(y + (x if self.downsample is None else self.downsample(x)))


def plain_net(widths=(12, 10), *, side=16, classes=4, seed=0, norm=True):
    """Two convolutions with relu, and a classifier that sees every position of the last map."""
    torch.manual_seed(seed)
    parts: list[nn.Module] = []
    inputs = 3
    for width in widths:
        parts.append(nn.Conv2d(inputs, width, 3, stride=2, padding=1, bias=not norm))
        parts += [nn.BatchNorm2d(width)] if norm else []
        parts.append(nn.ReLU(inplace=True))
        inputs = width
    parts += [nn.Flatten(), nn.Linear(inputs * (side >> len(widths)) ** 2, classes)]
    net = nn.Sequential(*parts).double().eval()
    for module in net:
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = 1.0
    with torch.no_grad():
        net.train()(pictures(side=side, seed=6))
    return net.eval()


def pictures(count=64, side=16, seed=5, channels=3):
    """White noise: so no channel is dead."""
    return torch.randn(count, channels, side, side, generator=rng(seed), dtype=torch.float64)


def permuted(net: nn.Sequential, seed=0) -> tuple[nn.Sequential, list[Tensor]]:
    """A copy of a `plain_net` with hidden channels in another order, and the orders."""
    found, orders = copy.deepcopy(net), []
    order = torch.arange(3)
    for module in found:
        if isinstance(module, nn.Conv2d):
            module.weight.data = module.weight.data[:, order]
            order = torch.randperm(len(module.weight), generator=rng(seed + len(orders)))
            module.weight.data = module.weight.data[order]
            if module.bias is not None:
                module.bias.data = module.bias.data[order]
            orders.append(order)
        elif isinstance(module, nn.BatchNorm2d):
            for name in ("weight", "bias", "running_mean", "running_var"):
                getattr(module, name).data = getattr(module, name).data[order]
        elif isinstance(module, nn.Linear):
            whole = module.weight.data.unflatten(1, (len(order), -1))
            module.weight.data = whole[:, order].flatten(1)
    return found, orders


class Tokens(nn.Module):
    """In the manner of timm's Swin: channels are the last axis of every map."""

    def __init__(self, width=6, classes=3):
        super().__init__()
        self.embed = nn.Conv2d(3, width, 2, 2)
        self.mix = nn.Linear(width, width)
        self.act = nn.GELU()
        self.head = nn.Linear(width, classes)

    def forward(self, x):
        tokens = self.act(self.mix(self.embed(x).permute(0, 2, 3, 1)))
        return self.head(tokens.flatten(1))


class Attentive(nn.Module):
    """In the manner of torchvision's ViT: torch's attention, whose output layer is not called."""

    def __init__(self, width=6, classes=3):
        super().__init__()
        self.embed = nn.Conv2d(3, width, 4, 4)
        self.attention = nn.MultiheadAttention(width, 2, batch_first=True)
        self.head = nn.Linear(width, classes)

    def forward(self, x):
        tokens = self.embed(x).flatten(2).mT
        return self.head(self.attention(tokens, tokens, tokens, need_weights=False)[0].mean(1))


class Functional(nn.Module):
    """As in many tutorials: relu, maxima and flattening are functions, not parts."""

    def __init__(self, width=6, classes=3):
        super().__init__()
        self.inner = nn.Conv2d(3, width, 3, padding=1)
        self.head = nn.Linear(width * 16, classes)

    def forward(self, x):
        x = nn.functional.max_pool2d(self.inner(x).relu(), 2)
        return self.head(x.view(len(x), -1))


class Twice(nn.Module):
    """A layer that reads its own output."""

    def __init__(self):
        super().__init__()
        self.inner, self.last = nn.Conv2d(3, 3, 1), nn.Conv2d(3, 2, 1)

    def forward(self, x):
        return self.last(self.inner(torch.relu(self.inner(x))))


def behind(stem: nn.Module, channels: int, *, side=16, classes=4) -> nn.Sequential:
    """A net whose first layer across channels reads what a stem made of the pictures."""
    x = stem(pictures(1, side=side))
    parts = nn.Conv2d(channels, 7, 3), nn.ReLU(), nn.Conv2d(7, classes, 1)
    assert x.shape[1] == channels
    return nn.Sequential(stem, nn.ReLU(), *parts).double().eval()


class Mixing(nn.Module):
    """A layer of its own kind, with a matrix that nobody knows of."""

    def __init__(self, inputs=3, outputs=8):
        super().__init__()
        self.matrix = nn.Parameter(torch.randn(outputs, inputs, dtype=torch.float64))

    def forward(self, x):
        return torch.einsum("oc,ncij->noij", self.matrix, x)


class Often(nn.Module):
    """Calls a layer so many times for each batch, on pictures that are noisier each time."""

    def __init__(self, times):
        super().__init__()
        self.times = times
        self.inner, self.last = nn.Conv2d(3, 4, 1), nn.Conv2d(4, 2, 1)

    def forward(self, x):
        return self.last(sum(self.inner(x * (k + 1)) for k in range(self.times)).relu())


class Units(nn.Module):
    """Each network brings pictures to units of its own."""

    def __init__(self, scale, shift):
        super().__init__()
        self.scale, self.shift = scale, shift

    def forward(self, x):
        return self.scale * x + self.shift
