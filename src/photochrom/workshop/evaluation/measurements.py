"""Everything that an evaluation measures while photos pass, row by row."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from photochrom.color import metrics
from photochrom.workshop.evaluation.calibration import Calibration
from photochrom.workshop.evaluation.classifier import Classifier, Sight
from photochrom.workshop.evaluation.contenders import Answer
from photochrom.workshop.evaluation.figures import Measured
from photochrom.workshop.evaluation.original import Original, lab_of
from photochrom.workshop.evaluation.plan import REAL
from photochrom.workshop.evaluation.scores import full_scores, quick_scores


@dataclass(frozen=True)
class Passed:
    """A photo that has been scored: its key, its index in the sources, its size in pixels."""

    key: str
    index: int
    width: int
    height: int


@dataclass
class Measurements:
    """The measurements, by the rows' names; lists run parallel to `photos`."""

    classifier: Classifier
    photos: list[Passed] = field(default_factory=list)
    scores: dict[str, list[dict[str, float]]] = field(default_factory=lambda: defaultdict(list))
    sights: dict[str, list[Sight]] = field(default_factory=lambda: defaultdict(list))
    calibrations: dict[str, Calibration] = field(default_factory=lambda: defaultdict(Calibration))

    def open(self, original: Original) -> None:
        """Begin a photo: write down what it is and what the real one looks like."""
        height, width = original.real.shape[:2]
        self.photos.append(Passed(original.key, original.index, width, height))
        self.scores[REAL].append(
            {
                "colorfulness": metrics.colorfulness(original.real),
                "colorfulness_absolute": metrics.absolute_colorfulness(original.real),
            }
        )
        self.sights[REAL].append(self.classifier.look(original.real))

    def add(self, row: str, answer: Answer, original: Original) -> None:
        """Measure a row's picture of the photo in full."""
        lab = lab_of(answer.picture)
        scores = full_scores(answer.picture, lab, original)
        if answer.seconds is not None:
            scores["seconds"] = answer.seconds
        self.scores[row].append(scores)
        self.sights[row].append(self.classifier.look(answer.picture))
        if answer.confidence is not None:
            error = metrics.ab_distance(lab[..., 1:], original.lab[..., 1:])
            self.calibrations[row].add(answer.confidence, error)

    def add_quickly(self, row: str, answer: Answer, original: Original) -> None:
        """Measure what a point of a curve needs."""
        ab = lab_of(answer.picture)[..., 1:]
        self.scores[row].append(quick_scores(answer.picture, ab, original))

    def mean(self, row: str, score: str) -> float:
        """A score's mean over the photos."""
        values = [scores[score] for scores in self.scores[row]]
        return sum(values) / len(values)

    def measured(self, row: str) -> Measured:
        """What was measured of a row's pictures, or of the real ones."""
        return Measured.of(self.scores[row], self.sights[row])
