import dataclasses
import hashlib

import pytest

from photochrom.errors import ModelError
from photochrom.models import catalogue, coloring_models, describe, known_models, locate, verify


@pytest.mark.parametrize("model", [m for m in known_models() if m.shipped], ids=lambda m: m.name)
def test_every_model_of_the_catalogue_is_there_and_intact(model):
    data = model.path.read_bytes()
    assert len(data) == model.bytes
    assert hashlib.sha256(data).hexdigest() == model.sha256
    verify(model)
    assert locate(model.name) == (model.name, model.path)
    assert model.licence
    assert model.purpose
    assert model.trained_on


def test_the_default_is_the_first():
    assert describe(None) is known_models()[0]
    assert locate(None) == locate(known_models()[0].name)


def one_line(error):
    assert "\n" not in str(error.value)
    return str(error.value)


def test_a_damaged_file(monkeypatch):
    damaged = dataclasses.replace(known_models()[0], sha256="0" * 64)
    monkeypatch.setattr(catalogue, "known_models", lambda: (damaged,))
    with pytest.raises(ModelError, match="damaged") as error:
        locate(damaged.name)
    text = one_line(error)
    assert str(damaged.path) in text
    assert known_models()[0].sha256[:12] in text
    assert "000000000000" in text


def test_a_missing_file(monkeypatch):
    gone = dataclasses.replace(known_models()[0], file="gone.onnx")
    monkeypatch.setattr(catalogue, "known_models", lambda: (gone,))
    with pytest.raises(ModelError, match="missing") as error:
        locate(None)
    assert "gone.onnx" in one_line(error)


def test_an_unknown_name_names_the_nearest():
    name = known_models()[0].name
    with pytest.raises(ModelError, match=f"did you mean {name}") as error:
        describe(name.replace("chrom", "chorm"))
    one_line(error)


def test_a_name_near_none_lists_all():
    with pytest.raises(ModelError) as error:
        describe("zzz")
    for model in known_models():
        assert model.name in one_line(error)
    with pytest.raises(ModelError) as error:
        locate("zzz")  # to colour with
    for model in known_models():
        assert (model.name in one_line(error)) == (model in coloring_models())


@pytest.mark.parametrize("kind", [str, lambda path: path], ids=["str", "Path"])
def test_the_path_of_a_file(tmp_path, kind):
    path = tmp_path / "mine.onnx"
    with pytest.raises(ModelError, match="no such model file") as error:
        locate(kind(path))
    assert "mine.onnx" in one_line(error)
    path.write_bytes(b"anything")  # taken as it is: the session looks inside
    assert locate(kind(path)) == ("mine", path)
