"""What a run trains: a module that holds a model and its objective, and answers with a loss.

The objective is inside the module, so that torch's distributed data parallel sees every parameter
that a loss uses, whichever way it uses them.
"""

from torch import nn

from scorelet.core.random import Noise
from scorelet.training.objectives import Batch, Loss, Objective


class Learner(nn.Module):
    """A model with the objective that it is trained by.

    The trainer takes any module with this `forward`; one with other parts (two networks, a
    temperature that is learnt) is written as a class of its own. Every parameter that is to learn
    must take part in every loss, else several processes wait for its gradient in vain.

    Args:
        model: what is trained, and exported.
        objective: maps (model, batch, noise) to a `Loss`.
    """

    def __init__(self, model: nn.Module, objective: Objective) -> None:
        super().__init__()
        self.model, self.objective = model, objective

    def forward(self, batch: Batch, noise: Noise) -> Loss:
        """Return the loss of a batch; all its random numbers come from `noise`."""
        return self.objective(self.model, batch, noise)
