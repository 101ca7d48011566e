"""Where the network runs: what is offered, what fails."""

from __future__ import annotations

import warnings
from types import SimpleNamespace

import onnxruntime
import pytest
from typer.testing import CliRunner

from photochrom.cli.main import app
from photochrom.errors import ConfigError, MissingExtraError, ModelError
from photochrom.models import devices, webgpu
from photochrom.models.devices import CPU, PROVIDERS, providers_for
from photochrom.models.session import Session
from support.programs import missing

CUDA = PROVIDERS["cuda"]


@pytest.fixture
def cuda_offered(monkeypatch):
    """CUDA is offered, and fails to start as without its libraries: a real session says so."""
    offered = onnxruntime.get_available_providers()
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [CUDA, *offered])


def test_names():
    assert providers_for("cpu") == [CPU]
    assert providers_for("auto")[-1] == CPU
    with pytest.raises(ConfigError, match="must be auto or one of cpu, cuda"):
        providers_for("abacus")


def test_what_is_not_offered():
    if CUDA in onnxruntime.get_available_providers():
        pytest.skip("there is one")
    with pytest.raises(ModelError, match="has only cpu"):
        providers_for("cuda")


def test_gpu_needs_its_extra(monkeypatch):
    monkeypatch.setattr(webgpu, "is_installed", lambda: False)
    with pytest.raises(MissingExtraError, match=r"device gpu.*photochrom\[gpu\]"):
        providers_for("gpu")


@pytest.fixture
def no_gpu(monkeypatch):
    """The plug-in is there, and finds no GPU."""
    monkeypatch.setattr(webgpu, "is_installed", lambda: True)
    monkeypatch.setattr(webgpu, "adapters", tuple)


def test_without_a_gpu_one_warning_and_the_cpu(no_gpu):
    assert providers_for("auto") == [CPU]
    with pytest.warns(UserWarning, match="no GPU was found") as caught:
        session = Session(device="gpu")
    assert len([w for w in caught if "failed" in str(w.message)]) == 1
    assert session.provider == CPU
    assert webgpu.adapter_names() == []


def test_a_gpu_is_named_and_taken(monkeypatch):
    device = SimpleNamespace(vendor="Maker", device_id=0x1234)
    monkeypatch.setattr(webgpu, "is_installed", lambda: True)
    monkeypatch.setattr(webgpu, "adapters", lambda: (SimpleNamespace(device=device),))
    assert webgpu.adapter_names() == ["Maker 0x1234"]
    assert providers_for("auto") == [webgpu.PROVIDER, CPU]
    with pytest.warns(UserWarning, match="WebGpuExecutionProvider failed"):  # it is no real one
        assert Session().provider == CPU


def test_a_broken_plug_in_leaves_auto_to_the_cpu(monkeypatch):
    def broken():
        raise OSError("libvulkan.so.1: cannot open shared object file")

    monkeypatch.setattr(webgpu, "is_installed", lambda: True)
    monkeypatch.setattr(webgpu, "adapters", broken)
    assert providers_for("auto") == [CPU]
    with pytest.warns(UserWarning, match=r"libvulkan.so.1: cannot open"):
        assert Session(device="gpu").provider == CPU


def test_the_real_plug_in_registers():
    if not webgpu.is_installed():
        missing("onnxruntime-ep-webgpu is not installed; pip install -e '.[gpu]' installs it")
    for adapter in webgpu.adapters():  # none on most machines without a screen
        assert adapter.ep_name == webgpu.PROVIDER


def test_automatic_takes_the_first_that_is_offered(cuda_offered):
    assert providers_for("auto") == [CUDA, CPU]


@pytest.mark.parametrize("device", ["cuda", "auto"])
def test_one_that_fails_leaves_the_work_to_the_cpu_with_one_warning(cuda_offered, device):
    with pytest.warns(UserWarning, match="CUDAExecutionProvider failed") as caught:
        session = Session(device=device)
    assert len([w for w in caught if "failed" in str(w.message)]) == 1
    assert session.provider == CPU


def test_one_that_raises(cuda_offered, monkeypatch):
    begin = onnxruntime.InferenceSession

    def start(path, options, providers):
        if providers[0] == CUDA:
            raise RuntimeError("libcudart.so.12: cannot open shared object file\nand more")
        return begin(path, options, providers=providers)

    monkeypatch.setattr(onnxruntime, "InferenceSession", start)
    with pytest.warns(UserWarning, match=r"libcudart.so.12: cannot open .*file\)$"):
        assert Session(device="cuda").provider == CPU
    with pytest.raises(ModelError, match="try device='cpu'"):
        Session(providers=[CUDA])


def test_the_cpu_warns_of_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert Session(device="cpu").provider == CPU


def test_by_command(cuda_offered, examples, tmp_path):
    done = CliRunner().invoke(
        app,
        ["colorize", str(examples / "cat.jpg"), "-o", str(tmp_path / "c.jpg"), "--device", "cuda"],
    )
    assert done.exit_code == 0, done.output
    assert done.stderr.count("CUDAExecutionProvider failed, the CPU does its work") == 1


def test_the_order_of_auto_is_of_known_names():
    assert set(devices.AUTOMATIC) <= set(PROVIDERS)
