"""A network that remembers, of the pictures that it was shown, the worst that breaks.

Attacks by steps return where they end, and may have passed a picture that the network gets wrong on
their way. A witness keeps those, so that more steps of one length from the same start never break
less; of several the one with the least probability of the label, as the first may be the random
place from which an attack started.
"""

import torch
from torch import Tensor, nn

from scorelet.analysis.robustness.ball import Norm, inside
from scorelet.analysis.robustness.odds import odds_against
from scorelet.analysis.robustness.pictures import is_wrong
from scorelet.core.typing import Image, Labels, Logits


class Witness(nn.Module):
    """Logits of a network, and what it was shown.

    Args:
        network: to be attacked.
        x: pictures (batch, channel, height, width) around which the balls lie.
        labels: (batch,), the true ones.
        eps, norm: of the balls.

    Attributes:
        kept: for each picture, of those of its ball that were shown with a wrong label, or with
            none, the one with the highest log-odds against its label; `x` where there was none.
        broken: (batch,), where one was.
    """

    def __init__(
        self, network: nn.Module, x: Image, labels: Labels, eps: int | float, norm: Norm
    ) -> None:
        super().__init__()
        self.network, self.x, self.labels, self.eps, self.norm = network, x, labels, eps, norm
        self.kept = x.clone()
        self.broken = torch.zeros(len(x), dtype=torch.bool, device=x.device)
        self.odds = x.new_full((len(x),), -torch.inf)  # of those that are kept

    def forward(self, y: Tensor) -> Logits:
        """Return the network's logits; batches of other sizes are not looked at."""
        logits = self.network(y)
        if len(y) == len(self.x):
            shown = y.detach()
            moved = shown - inside(shown, self.x, self.eps, self.norm)
            wrong = is_wrong(logits.detach(), self.labels)
            wrong &= moved.abs().flatten(1).amax(1) <= 1e-6  # rounding; the label is judged again
            odds = odds_against(logits.detach(), self.labels, 1).nan_to_num(-torch.inf).to(shown)
            worse = wrong & (~self.broken | (odds > self.odds))
            self.kept[worse], self.odds[worse] = shown[worse], odds[worse]
            self.broken |= worse
        return logits
