import os
import subprocess
import sys
from itertools import combinations

import numpy as np
import pytest

from photochrom.drawing.confidence import HIGH_LABEL, LOW_LABEL
from photochrom.drawing.labels import lettered

DIGITS = "0123456789"


@pytest.mark.parametrize("text", [*DIGITS, "12", "grey", LOW_LABEL, HIGH_LABEL])
def test_every_label_is_drawn_whole(text):
    ink = lettered(text, 40)
    assert ink.shape[0] == 40
    assert 0 <= ink.min() < 0.01
    assert ink.max() > 0.99
    assert 0.04 < ink.mean() < 0.4  # strokes on paper
    border = np.concatenate([ink[0], ink[-1], ink[:, 0], ink[:, -1]])
    assert border.max() < 0.5  # nothing is cut off


def test_digits_differ():
    for one, other in combinations(DIGITS, 2):
        first, second = (lettered(digit, 40) for digit in (one, other))
        width = max(first.shape[1], second.shape[1])
        padded = [np.pad(i, ((0, 0), (0, width - i.shape[1]))) for i in (first, second)]
        assert np.abs(padded[0] - padded[1]).sum() > 0.15 * first.sum(), (one, other)


def test_longer_text_is_wider_and_larger_text_larger():
    assert lettered("12", 40).shape[1] > lettered("1", 40).shape[1]
    small, large = lettered("grey", 20), lettered("grey", 40)
    assert large.shape[1] == pytest.approx(2 * small.shape[1], abs=2)
    assert large.mean() == pytest.approx(small.mean(), rel=0.05)


def test_letters_without_fonts(tmp_path):
    """A machine that has no fonts draws the very same."""
    (tmp_path / "fonts.conf").write_text(
        '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig></fontconfig>'
    )
    code = "from photochrom.drawing.labels import lettered; print(lettered('0 a guess', 30).sum())"
    bare = os.environ | {"FONTCONFIG_FILE": str(tmp_path / "fonts.conf")}
    done = subprocess.run([sys.executable, "-c", code], env=bare, capture_output=True, check=True)
    assert float(done.stdout) == pytest.approx(float(lettered("0 a guess", 30).sum()))
