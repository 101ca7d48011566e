import json

from photochrom.models import known_models


def test_json(photochrom):
    done = photochrom("models", "--json")
    assert (done.returncode, done.stderr) == (0, b"")
    records = json.loads(done.stdout)
    assert [record["name"] for record in records] == [model.name for model in known_models()]
    for record, model in zip(records, known_models(), strict=True):
        assert record["sha256"] == model.sha256
        assert record["path"] == str(model.path)
        assert record["licence"] == model.licence
        assert record["task"] == model.task == ("inpaint" if model.name == "mi-gan" else "colorize")
        if model.shipped:
            assert record["bytes"] == model.path.stat().st_size
            assert record["state"] == "shipped"


def test_text(photochrom):
    done = photochrom("models")
    assert (done.returncode, done.stderr) == (0, b"")
    text = done.stdout.decode()
    for model in known_models():
        for fact in (model.name, model.purpose, model.licence, model.sha256, str(model.path)):
            assert fact in text
    shipped = [model for model in known_models() if model.shipped]
    assert text.count("state       shipped") == len(shipped) == 3
    coloring, filling = text.split("\nModels that fill wide damage, for --inpainter")
    assert "  can         color" in coloring
    assert "  can         color" not in filling
    assert "mi-gan" not in coloring
    assert "  can         fill damage\n" in filling
    assert "research" in filling
