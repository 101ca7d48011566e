"""The loss of a network that finds damage."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from photochrom.workshop.training.config import DamageConfig
from photochrom.workshop.training.damage.batches import DamageBatch


class DamageObjective(nn.Module):
    """Focal cross-entropy and, over the damaged samples of a batch, the Dice loss.

    Lin, Goyal, Girshick, He, Dollár, "Focal loss for dense object detection", 2017; Milletari,
    Navab, Ahmadi, "V-Net", 2016.
    """

    def __init__(self, config: DamageConfig) -> None:
        super().__init__()
        self._config = config

    def forward(self, output: Tensor, batch: DamageBatch) -> dict[str, Tensor]:
        """The loss and its named parts, for logits (N, 1, H, W)."""
        logits = output.float()
        damaged = batch.damaged[:, None, None, None]
        focal = self._focal(logits, batch)
        weights = (~damaged * self._config.false_alarm + damaged).to(logits)
        cross_entropy = (weights * focal).sum() / batch.counts.sum()
        overlap = dice(logits.sigmoid(), batch.target, batch.counts * damaged)
        alarm = (~damaged * focal).sum() / batch.counts.sum()
        total = cross_entropy + self._config.dice * overlap
        return {"loss": total, "entropy": cross_entropy, "dice": overlap, "alarm": alarm}

    def _focal(self, logits: Tensor, batch: DamageBatch) -> Tensor:
        entropy = F.binary_cross_entropy_with_logits(logits, batch.target, reduction="none")
        wrong = (logits.sigmoid() - batch.target).abs()
        return wrong**self._config.focus * entropy * batch.counts


def dice(probability: Tensor, target: Tensor, counts: Tensor) -> Tensor:
    """One minus the overlap of marks and damage over all pixels that count; 0 is the best."""
    marked, wanted = probability * counts, target * counts
    return 1 - (2 * (marked * wanted).sum() + 1) / (marked.sum() + wanted.sum() + 1)
