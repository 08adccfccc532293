"""Networks drawn from the law of a trained one: E12 of the specification of arXiv 2305.18512."""

import copy

import pytest
import torch
from torch import nn
from torch.nn.utils import weight_norm
from torch.nn.utils.prune import l1_unstructured

from aligned_networks import Attentive, ResidualNet, Twice, pictures, plain_net
from planted_weights import normal, rng
from scorelet.analysis.alignment.layers import LinearLayer, MatrixLayer, registered_layers
from scorelet.analysis.alignment.watching import called_parts, read_by
from scorelet.analysis.weight_covariance import learned_part, weight_spectrum
from scorelet.analysis.weight_resampling import Law, draw_network, refit
from scorelet.analysis.weight_resampling.laws import drawn_rows
from scorelet.analysis.weight_resampling.refit import PENALTIES, _fitted, held_out
from scorelet.core.errors import InputError
from scorelet.networks import LearnedScattering


def spiked_layer(*, bias=True, neurons=60):
    """A linear layer with 12 inputs, whose weights and biases are correlated."""
    layer = nn.Linear(12, neurons, bias=bias).double()
    with torch.no_grad():
        layer.weight.copy_(normal(neurons, 12) + 3 * normal(neurons, 1, seed=1))
        if bias:
            layer.bias.copy_(layer.weight[:, 0] + 0.1 * normal(neurons, seed=2))
    return LinearLayer("layer", layer)


@pytest.mark.slow
def test_e12_drawn_rows_have_the_covariance_of_the_reference():
    layer = spiked_layer()
    weights, bias = drawn_rows(layer, 100_000, Law(), rng(0))
    found = torch.cat([weights.flatten(1), bias[:, None]], 1)
    expected = torch.cat([layer.rows(), layer.bias.detach()[:, None]], 1)
    covariances = [rows.mT @ rows / len(rows) for rows in (found, expected)]
    gap = torch.linalg.matrix_norm(covariances[0] - covariances[1], 2)
    assert float(gap / torch.linalg.matrix_norm(covariances[1], 2)) < 0.03


@pytest.mark.slow
def test_e12_of_a_complex_matrix_and_of_the_other_laws():
    torch.manual_seed(0)
    net = LearnedScattering(3, 4, size=16, sizes=(16,), factorize=None)
    (matrix, *_) = registered_layers(net)
    assert isinstance(matrix, MatrixLayer)
    weights, _ = drawn_rows(matrix, 100_000, Law(), rng(0))
    rows, own = weights.flatten(1), matrix.rows()
    gap = rows.mH @ rows / len(rows) - own.mH @ own / len(own)
    assert float(torch.linalg.matrix_norm(gap, 2)) < 0.03 * float(
        torch.linalg.matrix_norm(own.mH @ own / len(own), 2)
    )
    layer = spiked_layer(bias=False)
    white, _ = drawn_rows(layer, 100_000, Law("white"), rng(0))
    power = float(layer.rows().square().mean())
    assert float(white.square().mean()) == pytest.approx(power, rel=0.02)
    covariance = white.flatten(1).mT @ white.flatten(1) / 100_000
    assert float((covariance - power * torch.eye(12)).abs().max()) < 0.05 * power


@pytest.mark.slow
def test_e12_of_noise_plus_what_was_learned():
    """v (1 + C), v the initial variance and C the learned part in units of it."""
    layer = spiked_layer(bias=False)
    variance = layer.initial_variance()
    learned = learned_part(weight_spectrum(layer.rows(), variance=variance))
    expected = variance * (torch.eye(12).double() + learned.matrix())
    weights, _ = drawn_rows(layer, 100_000, Law("shrunk"), rng(0))
    found = weights.flatten(1).mT @ weights.flatten(1) / 100_000
    gap = torch.linalg.matrix_norm(found - expected, 2)
    assert float(gap / torch.linalg.matrix_norm(expected, 2)) < 0.03


def test_ranks_are_kept():
    layer = spiked_layer()
    weights, bias = drawn_rows(layer, 50, Law(rank=3), rng(0))
    rows = torch.cat([weights.flatten(1), bias[:, None]], 1)
    assert int(torch.linalg.matrix_rank(rows)) == 3
    for options, sentence in (
        ({"name": "normal"}, "The law is"),
        ({"rank": 0}, "at least 1"),
        ({"name": "white", "rank": 2}, "empirical law only"),
    ):
        with pytest.raises(InputError, match=sentence):
            Law(**options)


def wide_net(width, seed=0, spikes=6):
    """Two random layers of relu; the second reads few directions of the first; a linear output."""
    torch.manual_seed(seed)
    net = nn.Sequential(
        *(nn.Flatten(), nn.Linear(48, width, bias=False), nn.ReLU()),
        *(nn.Linear(width, width, bias=False), nn.ReLU(), nn.Linear(width, 3, bias=False)),
    ).double()
    with torch.no_grad():
        net[1].weight.copy_(normal(width, 48, seed=seed) / 48**0.5)
        features = net[:3](pictures(400, side=4))
        top = torch.linalg.eigh(features.mT @ features)[1][:, -spikes:]
        net[3].weight.copy_(normal(width, spikes, seed=seed + 1) @ top.mT)
        net[5].weight.copy_(normal(3, width, seed=seed + 2) / width)
    return net


@pytest.mark.slow
def test_a_drawn_network_computes_what_the_reference_does():
    """The error falls with the width; without alignments nothing is left of the function."""
    reference, x, test = wide_net(512), pictures(1500, side=4), pictures(300, side=4, seed=8)
    target = reference(test).detach()
    errors, sizes = {}, []
    for width, aligned in ((64, True), (256, True), (512, True), (512, False)):
        drawn = draw_network(reference, x, seed=3, into=wide_net(width), aligned=aligned)
        answer = drawn.network(test).detach()
        gap = answer - target
        sizes += [float(answer.norm() / target.norm())] if aligned else []
        errors[width, aligned] = float(gap.square().sum() / target.square().sum())
    assert 0.3 > errors[64, True] > errors[256, True] > errors[512, True]
    assert all(0.7 < size < 1.3 for size in sizes)  # widths differ, and answers do not
    assert errors[512, True] < 0.15 * errors[512, False]


def test_norms_are_those_of_the_pictures():
    reference, x = plain_net((12, 10)), pictures(100)
    drawn = draw_network(reference, x, seed=1)
    for place in (1, 4):
        seen = read_by(drawn.network, drawn.network[place], x)[0]
        norm = drawn.network[place]
        torch.testing.assert_close(norm.running_mean, seen.mean((0, 2, 3)))
        torch.testing.assert_close(norm.running_var, seen.var((0, 2, 3)))
    assert not torch.equal(drawn.network[0].weight, reference[0].weight)


class NormAct(nn.BatchNorm2d):
    """In the manner of timm: a norm with an activation in it."""

    def __init__(self, channels):
        super().__init__(channels)
        self.act = nn.ReLU(inplace=True)

    def forward(self, x):
        return self.act(super().forward(x))


def test_norms_with_parts_are_measured_too():
    reference, x = plain_net((12, 10)), pictures(100)
    reference[1] = NormAct(12).double().eval()
    drawn = draw_network(reference, x, seed=1).network
    seen = read_by(drawn, drawn[1], x)[0]
    torch.testing.assert_close(drawn[1].running_mean, seen.mean((0, 2, 3)))
    torch.testing.assert_close(drawn[1].running_var, seen.var((0, 2, 3)))


def test_matrices_of_scattering_are_standardised_anew():
    torch.manual_seed(0)
    net = LearnedScattering(3, 4, size=16, sizes=(6, 8), factorize=None).eval()
    x = pictures(20).float()
    drawn = draw_network(net, x, seed=1)
    layer = called_parts(drawn.network, x[:2]).layers[1]
    seen = layer.activations(read_by(drawn.network, layer.module, x))
    varies = layer.matrix.running_power > 1e-6
    assert int(varies.sum()) > 40
    assert float(seen[:, varies].mean(0).abs().max()) < 1e-3
    power = seen[:, varies].abs().square().mean(0)
    torch.testing.assert_close(power, torch.ones_like(power), rtol=0.03, atol=0)


@pytest.mark.slow
def test_residual_networks_of_another_width_are_drawn():
    torch.manual_seed(0)
    reference, x = ResidualNet(8).eval(), pictures(200, side=8).float()
    with torch.no_grad():
        reference.bn1.weight.copy_(torch.rand(8) + 1)
        reference.bn1.bias.copy_(0.1 * torch.rand(8))
    before = copy.deepcopy(reference.state_dict())
    drawn = draw_network(reference, x, seed=1, into=ResidualNet(12))
    assert [layer.neurons for layer in drawn.layers] == [12, 12, 12, 24, 24, 24, 0]
    assert all(0.3 < layer.similarity < 1 + 1e-6 for layer in drawn.layers)
    assert all(torch.equal(before[name], value) for name, value in reference.state_dict().items())
    norms = reference.bn1, drawn.network.bn1
    known, pairs = (set(zip(n.weight.tolist(), n.bias.tolist(), strict=True)) for n in norms)
    assert pairs <= known  # gains and offsets together
    assert len(pairs) > 1


def test_the_same_seed_gives_the_same_network():
    reference, x = plain_net(), pictures(20)
    networks = [draw_network(reference, x, seed=seed).network for seed in (1, 1, 2)]
    assert torch.equal(networks[0][3].weight, networks[1][3].weight)
    assert not torch.equal(networks[0][3].weight, networks[2][3].weight)


def test_a_classifier_is_fitted_to_labels():
    net, x = plain_net((12, 10)), pictures(200)
    y = (x[:, 0].mean((1, 2)) > 0).long()
    features = nn.Sequential(*net[:-1])
    before = (net(x).argmax(1) == y).double().mean()
    penalty = refit(net, net[-1], (x, y))
    assert penalty in (1e-4, 1e-3, 1e-2, 1e-1)
    after = (net(x).argmax(1) == y).double().mean()
    assert after > max(0.85, before)
    torch.testing.assert_close(features(x), nn.Sequential(*net[:-1])(x))
    with pytest.raises(InputError, match="has 4 outputs"):
        refit(net, net[-1], (x, y + 5))


def test_the_penalty_is_the_one_that_labels_other_pictures_best():
    """More features than pictures and labels of much noise: a small penalty learns the noise."""
    torch.manual_seed(0)
    net, x = nn.Sequential(nn.Flatten(), nn.Linear(64, 2)), torch.randn(60, 1, 8, 8)
    y = (x[:, 0, 0, 0] + 1.5 * torch.randn(60) > 0).long()
    held, hits = held_out(y), {}
    for penalty in PENALTIES:
        z = x.flatten(1)
        z = (z - z.mean(0)) / z.std(0, correction=0)
        weight, bias = _fitted(z[~held], y[~held], 2, penalty, biased=True)
        hits[penalty] = int(((z[held] @ weight.T + bias).argmax(1) == y[held]).sum())
    assert len(set(hits.values())) > 1
    assert hits[refit(net, net[-1], (x, y))] == max(hits.values())


def test_a_fifth_of_each_class_chooses_the_penalty():
    cyclic = torch.arange(200) % 5
    for labels in (cyclic, cyclic.sort().values):
        assert labels[held_out(labels)].bincount().tolist() == [8] * 5
    assert int(held_out(torch.tensor([0, 0, 1, 1, 2])).sum()) == 1


def norm_without_moments():
    torch.manual_seed(0)
    norm = nn.BatchNorm2d(8, track_running_stats=False)
    with torch.no_grad():
        norm.weight.copy_(torch.rand(8) + 1)
    return nn.Sequential(
        nn.Conv2d(3, 8, 3), norm, nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 4)
    ).eval()


def test_gains_of_norms_without_moments_are_drawn_too():
    net, x = norm_without_moments(), pictures(40, side=8).float()
    drawn = draw_network(net, x, seed=1)
    gains, known = drawn.network[1].weight.tolist(), net[1].weight.tolist()
    assert set(gains) <= set(known)
    assert gains != known
    assert any("moments of each batch" in text for text in drawn.warnings)


@pytest.mark.filterwarnings("ignore:.*weight_norm:FutureWarning")
def test_weights_that_are_computed_are_refused_before_anything_is_copied():
    x = pictures(4)
    for wrap in (weight_norm, lambda layer: l1_unstructured(layer, "weight", 0.5)):
        net = nn.Sequential(wrap(nn.Conv2d(3, 8, 3)), nn.Flatten(), nn.LazyLinear(2)).double()
        net(x)
        with pytest.raises(InputError, match="layer 0 are computed from other parameters"):
            draw_network(net, x)


def test_frozen_parts_that_no_law_draws_are_refused_too():
    net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.GroupNorm(2, 8)).double().requires_grad_(False)
    with pytest.raises(InputError, match="1 is a GroupNorm with parameters"):
        draw_network(net, pictures(4))


def test_what_cannot_be_drawn():
    x = pictures(4, channels=4)
    grouped = nn.Sequential(nn.Conv2d(4, 4, 3, groups=4), nn.Conv2d(4, 2, 1)).double()
    with pytest.raises(InputError, match="0 is a grouped Conv2d with parameters"):
        draw_network(grouped, x)
    with pytest.raises(InputError, match="1 is a PReLU"):
        draw_network(nn.Sequential(nn.Conv2d(4, 4, 3), nn.PReLU(4)).double(), x)


@pytest.mark.parametrize("name", ["0.weight", "5.weight", "5.bias"])
@pytest.mark.parametrize("law", ["empirical", "white"])
def test_weights_that_are_not_finite_are_not_drawn(name, law):
    """The last layer's would be copied, and the file written."""
    net = nn.Sequential(*plain_net((4, 5), norm=False))
    with torch.no_grad():
        net.get_parameter(name).flatten()[0] = float("nan")
    with pytest.raises(InputError, match=f"Layer {name[0]}: some weights are NaN"):
        draw_network(net, pictures(8), law=Law(law))


def test_only_a_layer_of_whole_pictures_is_fitted_anew():
    net = nn.Sequential(nn.Conv2d(3, 4, 1), nn.Flatten(2), nn.Linear(256, 2)).double()
    with pytest.raises(InputError, match=r"shape \(8, 4, 256\): only one that reads \(8, 256\)"):
        refit(net, net[2], (pictures(8), torch.arange(8) % 2))


class Spare(Twice):
    def forward(self, x):
        return self.last(x)


def test_layers_that_are_not_called_once_cannot_be_drawn():
    x = pictures(4)
    with pytest.raises(InputError, match="inner is called more than once"):
        draw_network(Twice().double(), x)
    tied = nn.Sequential(nn.Conv2d(3, 3, 1), nn.ReLU(), nn.Conv2d(3, 3, 1), nn.Conv2d(3, 2, 1))
    tied[2].weight = tied[0].weight
    with pytest.raises(InputError, match="Layers 0 and 2 share their weights"):
        draw_network(tied.double(), x)
    with pytest.raises(InputError, match=r"1 uncalled layer is left out \(inner\).*take them out"):
        draw_network(Spare().double(), x)
    with pytest.raises(InputError, match="attention is a MultiheadAttention with parameters of"):
        draw_network(Attentive().double(), x)
    normed = nn.Sequential(nn.utils.parametrizations.weight_norm(nn.Conv2d(3, 2, 1))).double()
    with pytest.raises(InputError, match="layer 0 are computed from other parameters"):
        draw_network(normed, x)


def normed(width, norm=None):
    norms = [] if norm is None else [norm]
    return nn.Sequential(
        nn.Conv2d(3, width, 3, bias=False), *norms, nn.ReLU(), nn.Flatten(), nn.LazyLinear(3)
    )


def test_a_network_with_other_norms_is_refused():
    x = torch.rand(60, 3, 5, 5)
    plain, with_norm = normed(8), normed(8, nn.BatchNorm2d(8))
    for net in (plain, with_norm):
        net(x)
    for pair, counts in (
        ((plain, with_norm), "0 norms.* and 1 of"),
        ((with_norm, plain), "1 norm "),
    ):
        with pytest.raises(InputError, match=f"{counts}.*behind layer 0"):
            draw_network(pair[0], x, into=pair[1])


def test_gains_are_1_where_the_reference_has_none():
    x = torch.rand(60, 3, 5, 5)
    plain, affine = normed(8, nn.BatchNorm2d(8, affine=False)), normed(12, nn.BatchNorm2d(12))
    for net in (plain, affine):
        net(x)
    with torch.no_grad():
        affine[1].weight.fill_(3.0)
        affine[1].bias.fill_(2.0)
    norm = draw_network(plain, x, into=affine).network[1]
    assert norm.weight.tolist() == [1.0] * 12
    assert norm.bias.tolist() == [0.0] * 12


@pytest.mark.parametrize("first", [True, False])
def test_a_layer_that_reads_zeros_only_is_refused_wherever_it_is(first):
    """Black pictures at the first one; behind it a bias that no unit exceeds."""
    net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Conv2d(8, 8, 3), nn.Flatten()).eval()
    with torch.no_grad():
        net[0].bias.fill_(-100)
    shown = torch.rand(20, 3, 6, 6, generator=rng(0)) * (0 if first else 1)
    name = "0" if first else "2"
    with pytest.raises(InputError, match=f"Layer {name}: all activations of a network are 0"):
        draw_network(net, shown)
