"""Alignment of whole networks, arXiv 2305.18512: checks E1, E6, E7 of its specification; and E10,
E11 of that of arXiv 2409.19460."""

import copy
import math

import pytest
import torch
from torch import nn

from aligned_networks import (
    Attentive,
    Functional,
    Mixing,
    Often,
    ResidualNet,
    Tokens,
    Twice,
    Units,
    behind,
    permuted,
    pictures,
    plain_net,
)
from planted_weights import normal, orthogonal, rng
from scorelet.analysis.alignment import align, cross_moments, left_out, matched_layers, procrustes
from scorelet.analysis.weight_covariance import (
    eigenvector_cosines,
    learned_part,
    similarity,
    weight_spectrum,
)
from scorelet.core.errors import InputError
from scorelet.networks import FactorizedVGG, LearnedScattering, ResNet


def scattering(field="complex", skip=True, seed=0):
    torch.manual_seed(seed)
    block = {"field": field, "skip": skip}
    net = LearnedScattering(3, 4, size=16, sizes=(6, 8), factorize=None, block=block)
    return net.eval()


@pytest.mark.parametrize(
    "make",
    [
        plain_net,
        lambda: scattering().double(),
        lambda: scattering("real").double(),
        lambda: scattering("real", skip=False).double(),
        lambda: ResNet(classes=4, blocks=(1, 1), widths=(6, 8)).double().eval(),
        lambda: ResidualNet().double().eval(),
        lambda: FactorizedVGG(classes=4, stages=((4,), (6,))).double().eval(),
    ],
    ids=[
        "plain",
        "complex",
        "real with skip",
        "real",
        "residual",
        "torchvision-like",
        "factorised",
    ],
)
@pytest.mark.slow
def test_e1_e10_a_network_is_aligned_with_itself_by_the_identity(make):
    net = make()
    found = align(net, copy.deepcopy(net), pictures(96))
    assert len(found.layers) >= 3
    for layer in found.layers:
        matrix = layer.rotation.matrix
        assert layer.rotation.similarity == pytest.approx(1, abs=1e-5)
        if layer.enough:  # the identity in all directions that pictures determine
            one = torch.eye(len(matrix), dtype=matrix.dtype)
            known = one if layer.rotation.determined is None else layer.rotation.determined
            gap = (known.mH @ (matrix - one)).norm()
            assert float(gap) / len(matrix) ** 0.5 < 1e-3, layer.name


@pytest.mark.slow
@pytest.mark.parametrize("norm", [True, False])
def test_e6_e11_permuted_neurons_are_found(norm):
    net = plain_net(norm=norm)
    other, orders = permuted(net)
    x = pictures()
    torch.testing.assert_close(other(x), net(x))
    found = align(net, other, x)
    for layer, order in zip(found.layers[1:], orders, strict=True):
        matrix = layer.rotation.matrix
        expected = torch.eye(len(order)).double()[:, :][order].mT
        torch.testing.assert_close(matrix, expected, rtol=0, atol=1e-3)
        own = layer.reference.weights()
        aligned = layer.weights()
        places = orders[found.layers.index(layer)] if layer is not found.layers[-1] else slice(None)
        torch.testing.assert_close(aligned, own[places], rtol=0, atol=1e-3)
        a, b = (weight_spectrum(w.flatten(1)) for w in (own, aligned))
        cosines = eigenvector_cosines(a.first(3), b.first(3))
        torch.testing.assert_close(cosines, torch.eye(3).double(), rtol=0, atol=1e-3)


@pytest.mark.parametrize("kind", ["grouped", "transposed", "own"])
def test_e11_the_first_layer_is_rotated_where_it_does_not_read_the_pictures(kind):
    torch.manual_seed(0)
    stem = {
        "grouped": nn.Conv2d(3, 9, 3, groups=3),
        "transposed": nn.ConvTranspose2d(3, 9, 2, 2),
        "own": Mixing(3, 9),
    }[kind].double()
    net = behind(stem, 9)
    other, x = copy.deepcopy(net), pictures()
    with torch.no_grad():  # channels of the stem in another order, in groups where it has them
        order = torch.tensor([2, 0, 1, 5, 3, 4, 8, 6, 7])
        for parameter in other[0].parameters():
            axis = 1 if kind == "transposed" and parameter.ndim > 1 else 0
            parameter.copy_(parameter.index_select(axis, order))
        other[2].weight.copy_(net[2].weight[:, order])
    torch.testing.assert_close(other(x), net(x))
    first = align(net, other, x).layers[0]
    assert (first.name, first.fixed) == ("2", False)
    assert first.rotation.similarity == pytest.approx(1, abs=1e-6)
    torch.testing.assert_close(first.weights(), first.reference.weights(), rtol=0, atol=1e-3)


def test_the_first_layer_is_fixed_where_both_read_the_same_but_for_its_scale():
    nets = [
        nn.Sequential(Units(*values), nn.Conv2d(3, 4, 3)).double()
        for values in ((1, 0), (0.2, 3.0), (-1, 0))
    ]
    firsts = [align(nets[0], net, pictures()).layers[0] for net in nets[1:]]
    assert [first.fixed for first in firsts] == [True, False]


def test_e11_s_of_a_permuted_copy_is_that_of_itself():
    net = plain_net((12, 40))
    with torch.no_grad():
        net[3].weight += 5 * (normal(40, 1, 1, 1) * normal(1, 12, 3, 3, seed=1))  # learned
    other, _ = permuted(net)
    layer = align(net, other, pictures()).layers[1]
    variance = layer.reference.initial_variance()
    own, aligned = (
        learned_part(weight_spectrum(weights.flatten(1), variance=variance))
        for weights in (layer.reference.weights(), layer.weights())
    )
    values = [similarity(own, s, rng=rng(0), draws=2).value for s in (own, aligned)]
    assert len(own.values) >= 1
    assert values[1] == pytest.approx(values[0], abs=1e-3)


def linear_pair():
    """A net without non-linearity, and a copy whose hidden units are rotated."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Flatten(), nn.Linear(12, 10), nn.Linear(10, 3)).double()
    other, turn = copy.deepcopy(net), orthogonal(10, seed=4)
    with torch.no_grad():
        other[1].weight.copy_(turn @ net[1].weight)
        other[1].bias.copy_(turn @ net[1].bias)
        other[2].weight.copy_(net[2].weight @ turn.mT)
    return net, other, turn


def test_e7_a_rotation_of_linear_activations_is_undone():
    net, other, turn = linear_pair()
    x = pictures(200, side=2)
    torch.testing.assert_close(other(x), net(x), rtol=0, atol=1e-5)
    last = align(net, other, x).layers[-1]
    torch.testing.assert_close(last.rotation.matrix, turn.mT, rtol=0, atol=1e-8)
    torch.testing.assert_close(last.weights(), last.reference.weights(), rtol=0, atol=1e-8)


@pytest.mark.slow
def test_one_pass_gives_what_passes_layer_by_layer_give():
    net, other = (ResidualNet().double().eval() for _ in range(2))
    x = pictures(40)
    found = align(net, other, x, batch=7)
    pairs = matched_layers(net, other, x[:2])
    for layer, pair in list(zip(found.layers, pairs, strict=True))[1:]:
        seen = [[], []]
        for side, network in enumerate((net, other)):
            module = pair[side].module
            handle = module.register_forward_pre_hook(
                lambda _, inputs, kept=seen[side]: kept.append(inputs[0].clone())
            )
            with torch.no_grad():
                network(x)
            handle.remove()
        a, b = (pair[side].activations((seen[side][0],)) for side in (0, 1))
        torch.testing.assert_close(layer.rotation.similarity, float(_nuclear(a, b)))


def _nuclear(a, b):
    return torch.linalg.svdvals(a.mT @ b).sum() / (a.norm() * b.norm())


def test_streaming_is_the_whole_batch():
    net, other = plain_net(), plain_net(seed=1)
    x = pictures()
    rotations = [align(net, other, x, batch=size).layers[-1].rotation for size in (5, 64)]
    torch.testing.assert_close(rotations[0].matrix, rotations[1].matrix)
    assert rotations[0].samples == 64 * 16


def test_a_classifier_is_aligned_on_channels_not_on_positions():
    layer = align(plain_net(), plain_net(seed=1), pictures()).layers[-1]
    assert layer.reference.shape == (4, 10, 16)
    assert layer.rotation.matrix.shape == (10, 10)


@pytest.mark.slow
def test_the_channels_of_complex_networks_get_unitary_maps():
    found = align(scattering(), scattering(seed=1), pictures(64).float())
    matrix = found.layers[1].rotation.matrix
    assert matrix.is_complex()
    eye = torch.eye(len(matrix), dtype=matrix.dtype)
    torch.testing.assert_close(matrix.mH @ matrix, eye)
    assert (
        not align(scattering("real"), scattering("real", seed=1), pictures(4).float())
        .layers[1]
        .rotation.matrix.is_complex()
    )


def test_networks_are_left_as_they_were():
    net, other = plain_net().train(), plain_net(seed=1)
    before = {name: value.clone() for name, value in net.state_dict().items()}
    x = pictures()
    kept = x.clone()
    trained = align(net, other, x)
    assert net.training
    assert not other.training
    assert all(not module._forward_pre_hooks for module in net)
    assert all(torch.equal(before[name], value) for name, value in net.state_dict().items())
    assert torch.equal(x, kept)
    again = align(net.eval(), other, x)  # training makes no difference
    assert trained.layers[1].rotation.similarity == again.layers[1].rotation.similarity


def test_too_few_samples_are_a_warning_with_the_number_needed():
    found = align(plain_net((12, 100)), plain_net((12, 100), seed=1), pictures(10))
    (warning,) = found.warnings
    assert warning == (
        "10 pictures are too few to align 7: 7 has 160 samples and needs 1000; give 63 pictures"
    )
    assert not found["7"].enough
    assert found["3"].enough


def test_a_part_of_the_pictures_is_told_how_many_the_whole_needs():
    """Five, of which four are shown here, give 64 samples of the 100 needed: so eight."""
    net, other = plain_net((12, 10)), plain_net((12, 10), seed=1)
    (warning,) = align(net, other, pictures(4), of=5).warnings
    assert warning.startswith("4 of 5 pictures are too few to align 7: 7 has 64 samples")
    assert warning.endswith("needs 100; give 8 pictures")
    (warning,) = align(net, other, pictures(1), of=1).warnings
    assert warning.startswith("1 picture is too few to align 3, 7: 7 has 16 samples")
    (warning,) = align(net, other, pictures(1), of=2).warnings
    assert warning.startswith("1 of 2 pictures is too few to align 3, 7: 7 has 16 samples")


def test_a_narrower_reference_and_grouped_convolutions_are_warned_of():
    found = align(plain_net((6, 10)), plain_net((12, 10), seed=1), pictures())
    assert [w.split(":")[0] for w in found.warnings] == ["the reference is narrower at 3"]
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(3, 6, 3, groups=3), nn.Conv2d(6, 4, 1))
    found = align(net, copy.deepcopy(net), pictures(4).float())
    assert [layer.name for layer in found.layers] == ["1"]
    assert found.warnings[-1].startswith("1 grouped convolution is left out (0)")


def test_mismatched_networks_are_refused():
    x = pictures(4)
    with pytest.raises(InputError, match="3 and 4 layers across channels"):
        align(plain_net(), plain_net((12, 10, 8)), x)
    one, other = plain_net(), plain_net()
    other[3] = nn.Conv2d(12, 10, 1, stride=2).double()
    with pytest.raises(InputError, match="with 9 weights for each channel, and 3 in its place"):
        align(one, other, x)
    with pytest.raises(InputError, match="does not take these pictures"):
        align(one, plain_net(), pictures(4, channels=1))
    with pytest.raises(InputError, match="nothing to align"):
        align(nn.Flatten(), nn.Flatten(), x)
    with pytest.raises(InputError, match="one object"):
        align(one, one, x)
    broken = plain_net()
    broken[0].weight.data[0] = float("nan")
    with pytest.raises(InputError, match="Layer 3: some activations are NaN"):
        align(one, broken, x)


def test_moments_of_layers_on_other_pictures():
    net, other = plain_net(), plain_net(seed=1)
    x = pictures(128)
    found = align(net, other, x[:64])
    pairs = [(layer.reference, layer.other) for layer in found.layers]
    held = cross_moments(net, other, pairs, x[64:])
    for layer, moments in zip(found.layers[1:], held[1:], strict=True):
        similarity_there, _ = layer.rotation.measure(moments)
        assert similarity_there <= procrustes(moments).similarity
        assert similarity_there > layer.rotation.similarity - 0.1


def test_norms_without_running_moments_are_warned_of():
    net, other = plain_net(), plain_net(seed=1)
    for network in (net, other):
        network[1] = nn.BatchNorm2d(12, track_running_stats=False).double()
    (warning,) = align(net, other, pictures()).warnings
    assert warning.startswith("1 standardise by the moments of each batch")


def test_rainbow_e15_clipping_a_layer():
    """A full basis changes nothing; of rank 0 all pictures get one class: chance."""
    x = pictures(40)
    y = torch.arange(40) % 4
    for rank in (108, 6, 0):
        net = plain_net()
        layer = matched_layers(net, plain_net(), x[:2])[1][0]
        basis = torch.linalg.svd(layer.rows())[2].mH[:, :rank]
        before = net(x).detach()
        layer.clip(basis)
        if rank == 108:
            torch.testing.assert_close(net(x), before)
        elif rank == 0:
            assert float((net(x).argmax(1) == y).double().mean()) == 0.25
        else:
            assert int(torch.linalg.matrix_rank(layer.rows())) == 6


def test_tokens_are_aligned_by_their_channels():
    """Their last axis: a map of one pixel is no map of one channel."""
    net = Tokens().double()
    other, order = copy.deepcopy(net), torch.randperm(6, generator=rng(1))
    with torch.no_grad():
        other.mix.weight.copy_(net.mix.weight[order])
        other.mix.bias.copy_(net.mix.bias[order])
        other.head.weight.copy_(net.head.weight[:, order])
    head = align(net, other, pictures(side=2)).layers[-1]
    assert head.reference.shape == (3, 6, 1)
    torch.testing.assert_close(head.weights(), head.reference.weights(), rtol=0, atol=1e-6)


def test_flattened_tokens_are_features():
    net = Tokens().double()
    net.head = nn.Linear(4 * 6, 3).double()
    found = align(net, copy.deepcopy(net), pictures(side=4))
    assert found.layers[-1].reference.shape == (3, 24, 1)


def test_maps_that_a_function_flattens_are_aligned_by_their_channels():
    head = align(Functional().double(), Functional().double(), pictures(side=8)).layers[-1]
    assert head.reference.shape == (3, 6, 16)
    assert head.rotation.matrix.shape == (6, 6)


def test_the_layout_of_memory_does_not_change_what_is_aligned():
    """A map in channels-last order is copied by flatten, so that its input is a view of nothing."""

    class Flattening(Functional):
        def forward(self, x):
            x = nn.functional.max_pool2d(self.inner(x).relu(), 2)
            return self.head(x.flatten(1))

    first, second = (Flattening().double() for _ in range(2))
    second.to(memory_format=torch.channels_last)
    head = align(first, second, pictures(side=8)).layers[-1]
    assert head.reference.shape == head.other.shape == (3, 6, 16)


def test_pictures_that_a_perceptron_flattens_are_no_map_of_channels():
    net = nn.Sequential(nn.Flatten(), nn.Linear(3 * 64, 6), nn.ReLU(), nn.Linear(6, 2)).double()
    found = align(net, copy.deepcopy(net), pictures(side=8))
    assert [layer.reference.shape for layer in found.layers] == [(6, 192, 1), (2, 6, 1)]


@pytest.mark.parametrize("times", [(1, 2), (2, 1)])
@pytest.mark.parametrize("batch", [7, 64])
def test_a_layer_that_one_network_calls_more_often_is_refused(times, batch):
    nets = (Often(count).double() for count in times)
    with pytest.raises(InputError, match="Layer inner is called more often in one network"):
        align(*nets, pictures(), batch=batch)


def test_layers_that_are_called_twice_are_said():
    (warning,) = align(Twice().double(), Twice().double(), pictures()).warnings
    assert warning.startswith("inner read more than one input for a picture")


def test_what_is_not_looked_into_is_said():
    net = Attentive().double().eval()
    warnings = align(net, copy.deepcopy(net), pictures()).warnings
    assert warnings == (
        "1 MultiheadAttention is left out (attention): only convolutions, linear layers and "
        "channel matrices are looked into",
        "1 uncalled layer is left out (attention.out_proj): what is not called as a layer shows no "
        "inputs",
    )
    up = nn.Sequential(nn.Conv2d(3, 4, 1), nn.ConvTranspose2d(4, 3, 2, 2)).double()
    (warning,) = align(up, copy.deepcopy(up), pictures()).warnings
    assert warning.startswith("1 ConvTranspose2d is left out (1)")


class Own(nn.Module):
    """A layer of somebody's own, which no one knows."""

    def __init__(self):
        super().__init__()
        self.matrix = nn.Parameter(torch.eye(4))

    def forward(self, x):
        return torch.einsum("oc,bchw->bohw", self.matrix, x)


class Scaled(nn.Module):
    """A scale for each channel, in two axes, as blocks of others have it."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(4, 1, 1))

    def forward(self, x):
        return self.scale * x


class Marked(nn.Module):
    """A network of layers with an embedding of its own beside them."""

    def __init__(self, layers):
        super().__init__()
        self.layers, self.positions = layers, nn.Parameter(torch.zeros(4, 5))

    def forward(self, x):
        return self.layers(x)


class ByName(nn.Module):
    """A network that calls its layers by keyword."""

    def __init__(self):
        super().__init__()
        self.first, self.last = nn.Conv2d(3, 4, 1), nn.Linear(4, 2)

    def forward(self, x):
        return self.last(input=self.first(input=x).mean((2, 3)))


def test_layers_of_others_are_said_and_those_called_by_keyword_are_seen():
    net = nn.Sequential(nn.Conv2d(3, 4, 1), Own()).double()
    (warning,) = align(net, copy.deepcopy(net), pictures()).warnings
    assert warning.startswith("1 Own is left out (1)")
    net = Marked(nn.Sequential(nn.Conv2d(3, 4, 1), Scaled())).double()
    assert align(net, copy.deepcopy(net), pictures()).warnings == ()
    net = ByName().double()
    found = align(net, copy.deepcopy(net), pictures())
    assert [layer.reference.name for layer in found.layers] == ["first", "last"]


class WithMatrices(nn.Module):
    """Matrices of its own beside a layer, as in adapters of low rank, and a table of biases."""

    def __init__(self):
        super().__init__()
        self.base = nn.Linear(4, 2)
        self.down, self.up = nn.Parameter(torch.rand(4, 3)), nn.Parameter(torch.rand(3, 2))
        self.token, self.bias_table = nn.Parameter(torch.ones(1, 4)), nn.Parameter(torch.ones(4, 2))

    def forward(self, x):
        return self.base(x * self.token) + x @ (self.down @ self.up + self.bias_table)


def test_matrices_beside_parts_are_said():
    net = nn.Sequential(nn.Conv2d(3, 4, 4), nn.Flatten(), WithMatrices()).double()
    x = pictures(side=4)
    (warning,) = align(net, copy.deepcopy(net), x).warnings
    assert warning.startswith("2 WithMatrices parameters are left out (the first is 2.down)")
    (alone,) = left_out(net[2], "")
    assert alone.startswith("2 WithMatrices parameters are left out (the first is down)")


@pytest.mark.parametrize(
    ("name", "shape", "said"),
    [
        ("token_mixing", (9, 9), True),
        ("bias_up", (4, 4), True),
        ("position_queries", (3, 4), True),
        ("embedder_weight", (4, 4), True),
        ("w", (1, 4, 4), True),
        ("scale", (1, 4, 1), False),
        ("cls_token", (2, 4), False),
        ("pos_embed_window", (1, 4, 4), False),
        ("position_embeddings", (3, 4), False),
        ("rel_pos_h", (3, 4), False),
        ("relative_position_bias_table", (3, 4), False),
        ("attention_biases", (3, 4), False),
    ],
)
def test_matrices_are_told_from_tables_by_whole_words(name, shape, said):
    holder = type("Mixer", (nn.Module,), {})()
    holder.part = nn.Linear(4, 4)
    holder.register_parameter(name, nn.Parameter(torch.ones(shape)))
    assert [name in text for text in left_out(holder, "")] == [True] * said


class Sized(nn.Module):
    """In the manner of transformers that know one size of picture."""

    def forward(self, x):
        assert x.shape[-1] == 224, f"Wrong image width! Expected 224 but got {x.shape[-1]}!"
        return x


def test_pictures_of_another_size_than_the_network_knows():
    net = nn.Sequential(Sized(), nn.Conv2d(3, 2, 1)).double()
    with pytest.raises(InputError, match=r"does not take these pictures.*Expected 224 but got 16"):
        align(net, copy.deepcopy(net), pictures(4))


def test_a_silent_layer_does_not_stop_the_others():
    """As in networks whose last norms start at 0: nothing is known of it, and it is said."""
    net, other = plain_net((12, 10, 8)), plain_net((12, 10, 8), seed=1)
    for network in (net, other):
        nn.init.zeros_(network[4].weight)
        nn.init.zeros_(network[4].bias)
    found = align(net, other, pictures())
    assert math.isnan(found["6"].rotation.similarity)
    assert not found["6"].rotation.is_determined
    assert found["3"].rotation.similarity > 0.3
    assert "what 6 of one network reads is 0 for all pictures" in found.warnings[0]
    assert sum("6" in warning for warning in found.warnings) == 1


def test_computed_weights_are_read_and_not_written():
    net = nn.Sequential(nn.utils.parametrizations.weight_norm(nn.Linear(4, 3)))
    (layer, *_) = matched_layers(net, copy.deepcopy(net), torch.rand(2, 4))[0]
    torch.testing.assert_close(layer.rows().float(), net[0].weight.detach())
    with pytest.raises(InputError, match="layer 0 are computed from other parameters"):
        layer.clip(torch.eye(4).double()[:, :2])


def test_a_channel_that_does_not_vary_says_nothing_of_what_is_read():
    x = pictures()
    x[:, 1] = 0.1
    net, other = (
        nn.Sequential(Units(*values), nn.Conv2d(3, 4, 3)).double()
        for values in ((1 / 0.3, -1.7), (1 / 0.7, 0.3))
    )
    assert align(net, other, x).layers[0].fixed
    stem = nn.Conv2d(3, 9, 3, groups=3, bias=False).double()
    net = behind(stem, 9)
    other = copy.deepcopy(net)
    with torch.no_grad():
        other[0].weight.copy_(net[0].weight[torch.tensor([2, 0, 1, 5, 3, 4, 8, 6, 7])])
    dark = pictures()
    dark[:16] = 0  # the pictures that are looked at
    assert not align(net, other, dark).layers[0].fixed


def test_networks_that_read_the_pictures_are_fixed_whatever_these_are():
    """Dark ones first, gray ones as colours, one alone."""
    net, other = plain_net(), plain_net(seed=1)
    dark, gray = pictures(140), pictures(40)[:, :1].repeat(1, 3, 1, 1)
    dark[:130] = 0
    for x in (dark, gray):
        first = align(net, other, x).layers[0]
        assert (first.fixed, first.rotation.similarity) == (True, pytest.approx(1))
    perceptrons = (
        nn.Sequential(nn.Flatten(), nn.Linear(12, 5), nn.ReLU(), nn.Linear(5, 2)).double()
        for _ in range(2)
    )
    assert align(*perceptrons, pictures(1, side=2)).layers[0].fixed


def test_a_silent_layer_is_not_one_that_reads_the_same():
    net = behind(nn.Conv2d(3, 9, 3, groups=3, bias=False).double(), 9)
    other = copy.deepcopy(net)
    nn.init.zeros_(other[0].weight)
    first = align(net, other, pictures()).layers[0]
    assert math.isnan(first.rotation.similarity)
    assert not first.fixed
