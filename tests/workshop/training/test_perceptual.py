"""The distance of two colourings in a classifier's features."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from photochrom.workshop.data.sources import photos_from
from photochrom.workshop.training.lab import lab_from_srgb
from photochrom.workshop.training.perceptual import PerceptualLoss

pytestmark = pytest.mark.workshop


def _lab(path: Path) -> torch.Tensor:
    [(_, photo)] = photos_from([path])
    crop = torch.from_numpy(photo[:256, :256].copy()).permute(2, 0, 1)[None].float() / 255
    return lab_from_srgb(crop)


def test_gray_is_farther_from_a_photo_than_the_photo_itself(examples):
    lab = _lab(examples / "color" / "cat.jpg")
    loss = PerceptualLoss()
    lightness, ab = lab[:, :1], lab[:, 1:]
    assert float(loss(ab, ab, lightness)) == 0
    dull, gray = float(loss(0.5 * ab, ab, lightness)), float(loss(0 * ab, ab, lightness))
    assert 0 < dull < gray


def test_the_gradient_leads_towards_the_photo(examples):
    lab = _lab(examples / "color" / "cat.jpg")
    loss = PerceptualLoss()
    coarse = torch.nn.functional.avg_pool2d(lab[:, 1:], 4)
    ours = (0.5 * coarse).requires_grad_()
    before = loss(ours, coarse, lab[:, :1])
    before.backward()
    step = (ours - 20 * ours.grad / ours.grad.norm()).detach()
    assert float(loss(step, coarse, lab[:, :1])) < before.item()


def test_it_stays_frozen_and_in_evaluation_mode():
    loss = PerceptualLoss().train()
    assert not loss.training
    assert not any(module.training for module in loss.modules())
    assert not any(parameter.requires_grad for parameter in loss.parameters())
