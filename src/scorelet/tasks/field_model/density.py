"""The density of whole fields in the units of the data, and its gradient."""

from torch import enable_grad
from torch.autograd import grad

from scorelet.core.typing import Fields, PerSample
from scorelet.models.field_energy import ConditionalEnergy, WholeEnergy
from scorelet.models.multiscale import Multiscale
from scorelet.tasks.field_model.scale import in_place, preparation_of

FieldLaw = Multiscale[ConditionalEnergy]


def energies(model: FieldLaw, x: Fields) -> PerSample:
    """Return -log p(x) up to a constant, (n), float64; see `FieldModel.energy`."""
    whole, field = WholeEnergy(model), model.record["field"]
    z, copies = in_place(field, x)
    return whole.energy(z) / copies + preparation_of(field).of_energies.jacobian(x)


def scores(model: FieldLaw, x: Fields) -> Fields:
    """Return the gradient of log p(x), (n, h, w), float64; see `FieldModel.score`."""
    with enable_grad():
        y = x.detach().double().requires_grad_()
        (slope,) = grad(energies(model, y).sum(), y)
    return -slope
