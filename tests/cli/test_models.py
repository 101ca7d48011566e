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
