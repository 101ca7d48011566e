"""What is shown of a photo and a network, in the paper's order, with its words."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from torch import Tensor

from photochrom.color.bins import gamut_bins
from photochrom.color.lab import Array
from photochrom.workshop.inspection import drawings, layers, plane
from photochrom.workshop.inspection.drawings import png
from photochrom.workshop.inspection.reading import Reading
from photochrom.workshop.inspection.subject import Subject
from photochrom.workshop.inspection.web_page import Picture, Section


def chapters(subject: Subject, reading: Reading, at: tuple[int, int] | None) -> Iterator[Section]:
    """Every section of the page; `at` is a (row, column) of the copy to look at."""
    yield _result(subject, reading)
    yield _lab(subject)
    yield layers.nine_chapter(subject, reading, at)
    yield layers.first_chapter(subject, reading)
    yield layers.halved_chapter(subject, reading)
    yield layers.deep_chapter(subject, reading)
    yield _labels(reading)
    if reading.blind is not None:
        yield _fusion(subject, reading, reading.blind)
    yield _distribution(subject, reading)


def _result(subject: Subject, reading: Reading) -> Section:
    name = subject.name
    pictures = [
        _beside("result-grey", subject.picture(None), f"{name} in grey.", "What the network sees."),
        _beside(
            "result-colored",
            subject.picture(reading.ab),
            f"{name} with the network's colours.",
            "Coloured by this network, on its own small copy of the photo.",
        ),
    ]
    if subject.in_color:
        alt = f"{name} with its real colours."
        pictures.append(_beside("result-real", subject.real(), alt, "The photo's real colours."))
    words = "The lightness is the photo's own. Only the colour is guessed."
    return Section("What comes out", [words], pictures)


def _lab(subject: Subject) -> Section:
    lab = subject.photo_lab()
    words = [
        "Lab takes a colour apart into its lightness L and two numbers for its colour: a goes from "
        "green to red, b from blue to yellow. A grey photo is L already, so a network has only two "
        "numbers a pixel to find instead of the three of red, green and blue."
    ]
    if not subject.in_color:
        words.append("This photo has no colour: its a and b are next to nothing everywhere.")
    ranges = [f"{lab[..., i].min():.0f} to {lab[..., i].max():.0f}" for i in range(3)]
    pictures = [
        _beside(
            "lab-l", subject.picture(None), "L alone, a grey picture.", f"L, {ranges[0]} here."
        ),
        *(
            _beside(
                f"lab-{letter}",
                drawings.channel_as_color(lab, index),
                f"{letter} alone, as {low} and {high} of one lightness.",
                f"{letter}, from {low} (−) to {high} (+): {ranges[index]} here.".replace("-", "−"),
            )
            for index, letter, low, high in ((1, "a", "green", "red"), (2, "b", "blue", "yellow"))
        ),
    ]
    return Section("Lightness and colour, apart", words, pictures)


def _labels(reading: Reading) -> Section:
    heading = "What a classifier sees"
    labels = reading.labels
    if labels is None:
        return Section(heading, [reading.why_no_labels])
    if reading.blind is not None:
        role = (
            f"{labels.classifier} was trained to name what a photo shows, and is given the grey "
            "photo. Its answers, one number for each of its classes, are handed to the network."
        )
    else:
        role = (
            f"The network's encoder began as {labels.classifier}, which was trained to name what a "
            "photo shows. This is what that classifier calls the grey photo; the encoder has since "
            "been trained further."
        )
    probabilities = ", ".join(
        f"{name} {100 * share:.1f} %"
        for name, share in zip(labels.names, labels.shares, strict=True)
    )
    caption = "The likeliest of ImageNet's classes, with their probabilities."
    picture = Picture("labels", png(drawings.bars(labels)), f"Bars: {probabilities}.", caption)
    return Section(heading, [role], [picture])


def _fusion(subject: Subject, reading: Reading, blind: Tensor) -> Section:
    copy = subject.copy
    change: Array = copy.photo((reading.ab - blind).norm(dim=1))[0].numpy()
    words = [
        "The fusion puts the classifier's answers beside every place of the deepest maps, so that "
        "each place knows what the whole photo shows. To see what that changes, the network is "
        "run again with zeros in their place.",
        f"On average the colours move by {change.mean():.1f} Lab units, at most by "
        f"{change.max():.0f}.",
    ]
    own = subject.picture(reading.ab)
    zeros = subject.picture(blind)
    shape = change.shape[0] / change.shape[1]
    pictures = [
        _beside(
            "fusion-own", own, "The photo's colours as fused.", "With the photo's own answers."
        ),
        _beside("fusion-zero", zeros, "The colours without an embedding.", "With zeros instead."),
        Picture(
            "fusion-change",
            png(drawings.field(change, "Lab units", shape)),
            "A map of how far the colours move.",
            "How far the colours move between the two, in Lab units.",
            small=True,
        ),
    ]
    return Section("What the fusion changes", words, pictures)


def _distribution(subject: Subject, reading: Reading) -> Section:
    heading = "How sure it is"
    distribution = reading.distribution
    if distribution is None:
        none = (
            "This network predicts one colour a pixel, so it has neither a distribution nor a "
            "confidence to show."
        )
        return Section(heading, [none])
    count = len(distribution.points[0].shares)
    words = [
        f"This network does not predict one colour, but how likely each of {count} colours is. One "
        "clear favourite makes a sure answer; several rivals, say red and green for a coat, make "
        "an unsure one. Its confidence is 1 where one colour has everything, and 0 where all are "
        "equally likely.",
        "The squares are the plane of all colours at each point's own lightness; outside the pale "
        "shape the screen has none. The larger a disc, the likelier its colour; the cross is the "
        "colour that was chosen" + (", the diamond the real one." if subject.in_color else "."),
    ]
    centers = gamut_bins()
    copy = subject.copy
    shape = copy.height / copy.width
    places = [point.place for point in distribution.points]
    numbered = plane.points_on_photo(subject.picture(reading.ab), places, (copy.top, copy.left))
    pictures = [
        Picture(
            "confidence",
            png(drawings.field(distribution.confidence, "confidence", shape)),
            "A map of the confidence: "
            f"{distribution.confidence.min():.2f} to {distribution.confidence.max():.2f}.",
            "The confidence: yellow where the network is sure, blue where it is not.",
            small=True,
        ),
        Picture(
            "points",
            png(numbered),
            "The coloured photo with numbered points.",
            "The points looked at.",
            small=True,
        ),
    ]
    for number, point in enumerate(distribution.points, 1):
        best = int(np.argmax(point.shares))
        center = "a {:.0f}, b {:.0f}".format(*centers[best]).replace("-", "−")
        pictures.append(
            Picture(
                f"distribution-{number}",
                png(plane.plane(point, number)),
                f"Likely colours at point {number} in the ab plane; confidence "
                f"{point.confidence:.2f}.",
                f"Point {number}: its likeliest colour, {center}, has "
                f"{100 * float(point.shares[best]):.0f} %.",
                small=True,
            )
        )
    return Section(heading, words, pictures)


def _beside(name: str, picture: drawings.Pixels, alt: str, caption: str) -> Picture:
    return Picture(name, png(picture), alt, caption, small=True)
