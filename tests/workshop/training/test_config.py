from __future__ import annotations

import json
import tomllib
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from photochrom.errors import ConfigError
from photochrom.workshop.training.config import config_from_dict, load_config

pytestmark = pytest.mark.workshop

CONFIGS = sorted((Path(__file__).parents[3] / "configs").glob("*.toml"))

TINY = """
name = "tiny"
[data]
train = ["a.tar"]
validation = ["b.tar"]
[schedule]
learning_rate = 2e-3
[[schedule.stages]]
samples = 8
crop = 64
batch = 4
"""


@pytest.fixture
def toml(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.toml"
    path.write_text(TINY, encoding="utf-8")
    return path


def table() -> dict:
    return tomllib.loads(TINY)


def test_values_of_the_file_and_defaults(toml: Path) -> None:
    config = load_config(toml)
    assert config.name == "tiny"
    assert config.data.train == ("a.tar",)
    assert config.schedule.learning_rate == 2e-3
    assert config.schedule.stages[0].crop == 64
    assert config.network.decoder == (192, 128, 96)
    assert config.seed == 0
    with pytest.raises(FrozenInstanceError):
        config.seed = 1  # type: ignore[misc]


@pytest.mark.parametrize(
    ("section", "wrong", "right"),
    [
        (None, "sede", "seed"),
        ("schedule", "learning_rat", "schedule.learning_rate"),
        ("loss", "smoothign", "loss.smoothing"),
        ("network", "encoder_weight", "network.encoder_weights"),
    ],
)
def test_wrong_key_names_the_nearest_right_one(section: str, wrong: str, right: str) -> None:
    wrong_table = table()
    (wrong_table.setdefault(section, {}) if section else wrong_table)[wrong] = 1
    with pytest.raises(ConfigError) as caught:
        config_from_dict(wrong_table, "tiny.toml")
    message = str(caught.value)
    assert message.startswith("tiny.toml: unknown key")
    assert wrong in message
    assert f"did you mean {right}?" in message
    assert "\n" not in message


def test_wrong_key_like_no_other_lists_the_known_ones() -> None:
    with pytest.raises(ConfigError, match=r"unknown key zzz; known: name, data, schedule"):
        config_from_dict(table() | {"zzz": 1}, "tiny.toml")


@pytest.mark.parametrize(
    ("section", "key", "value", "named"),
    [
        ("schedule", "learning_rate", "fast", r"schedule\.learning_rate is 'fast', .* float"),
        ("schedule", "compile", 1, r"schedule\.compile is 1, .* bool"),
        ("schedule", "warmup", 1.5, r"schedule\.warmup is 1\.5, .* int"),
        ("schedule", "warmup", True, r"schedule\.warmup is True, .* int"),
        ("data", "crop_scale", [0.5], r"data\.crop_scale is \[0\.5\], .*tuple\[float, float\]"),
        ("data", "train", "a.tar", r"data\.train is 'a\.tar', .*tuple\[str"),
        ("network", "decoder", [1, "x", 3], r"network\.decoder\[1\] is 'x', .* int"),
        ("schedule", "stages", [3], r"schedule\.stages\[0\] must be a table"),
    ],
)
def test_wrong_type_names_key_value_and_kind(section, key, value, named) -> None:
    wrong = table()
    wrong.setdefault(section, {})[key] = value
    with pytest.raises(ConfigError, match=named):
        config_from_dict(wrong, "tiny.toml")


def test_section_that_is_no_table() -> None:
    with pytest.raises(ConfigError, match=r"tiny\.toml: data must be a table"):
        config_from_dict(table() | {"data": 3}, "tiny.toml")


@pytest.mark.parametrize("path", ["name", "data.train", "schedule.stages", "data"])
def test_missing_key(path: str) -> None:
    short = table()
    *sections, key = path.split(".")
    inner = short[sections[0]] if sections else short
    del inner[key]
    with pytest.raises(ConfigError, match=rf"tiny\.toml: {path} is missing"):
        config_from_dict(short, "tiny.toml")


def test_missing_key_of_a_stage() -> None:
    short = table()
    del short["schedule"]["stages"][0]["batch"]
    with pytest.raises(ConfigError, match=r"schedule\.stages\[0\]\.batch is missing"):
        config_from_dict(short, "tiny.toml")


def test_whole_numbers_are_taken_for_floats() -> None:
    config = config_from_dict(table() | {"loss": {"smoothing": 4}}, "tiny.toml")
    assert config.loss.smoothing == 4.0
    assert type(config.loss.smoothing) is float


def test_overrides(toml: Path) -> None:
    config = load_config(
        toml,
        [
            "schedule.compile=true",
            "seed=7",
            'name="other"',
            "augment.hints=0",
            "data.train=['c.tar', 'd.tar']",
        ],
    )
    assert config.schedule.compile is True
    assert config.seed == 7
    assert config.name == "other"
    assert config.augment.hints == 0.0
    assert config.data.train == ("c.tar", "d.tar")
    assert config.schedule.learning_rate == 2e-3  # the file's own stays


def test_override_of_a_wrong_key(toml: Path) -> None:
    with pytest.raises(ConfigError, match=r"did you mean schedule\.compile\?"):
        load_config(toml, ["schedule.compil=true"])


def test_override_that_is_no_toml(toml: Path) -> None:
    with pytest.raises(ConfigError, match=r"name=other: the value is not valid TOML"):
        load_config(toml, ["name=other"])


def test_override_without_a_value_says_how_to_write_it(toml: Path) -> None:
    with pytest.raises(ConfigError, match=r"seed: sets no key; write section\.key=value"):
        load_config(toml, ["seed"])


@pytest.mark.parametrize("override", ["name.x=1", "schedule.stages.crop=64"])
def test_override_inside_a_value_that_is_no_table(toml: Path, override: str) -> None:
    with pytest.raises(ConfigError):
        load_config(toml, [override])


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.toml: No such file"):
        load_config(tmp_path / "nowhere.toml")


@pytest.mark.parametrize("content", [b"name = ", b"name = '\xff'"])
def test_file_that_is_no_toml(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"broken\.toml: not valid TOML"):
        load_config(path)


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.name)
def test_shipped_configurations_load(path: Path) -> None:
    config = load_config(path)
    assert config.name == path.stem
    multiple = 32 if config.network.architecture == "unet" else 8
    assert all(stage.crop % multiple == 0 for stage in config.schedule.stages)


def test_there_are_shipped_configurations() -> None:
    assert "lite0.toml" in [path.name for path in CONFIGS]


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.name)
def test_round_trip_through_json(path: Path) -> None:
    config = load_config(path)
    assert config_from_dict(json.loads(json.dumps(config.as_dict())), "json") == config
    assert config_from_dict(config.as_dict(), "dict") == config


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("schedule.optimizer", '"sgd"', "must be one of adamw, adam, rmsprop"),
        ("data.fit", '"stretch"', "must be one of crop, pad"),
        ("data.mirror", "1.5", r"must be in 0\.\.1"),
        ("validation.every", "0", "must be at least 1"),
        ("schedule.precision", '"fp16"', "must be one of 32-true, bf16-mixed, 64-true"),
        ("schedule.learning_rate", "-1", "must be at least 0"),
        ("data.crop_scale", "[-1, -0.5]", r"must be in 0\.01\.\.1"),
        ("loss.neighbors", "0", r"must be in 1\.\.100"),
        ("seed", "8589934592", "must be in"),
        ("schedule.stages", "[]", "is empty; name at least one"),
        (
            "schedule.stages",
            "[{samples=8, crop=64, batch=0}]",
            "batch: is 0, but must be at least 1",
        ),
    ],
)
def test_values_out_of_range(tmp_path: Path, key: str, value: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load_config(CONFIGS[0], [f"{key}={value}"])
