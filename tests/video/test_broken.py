"""Broken films: a right result with one warning a kind of fault, or one clear line."""

from __future__ import annotations

import os
import random
import struct
from fractions import Fraction

import av
import numpy as np
import pytest

from photochrom.errors import InColorError, PhotochromError, VideoError
from photochrom.video.source import Film
from photochrom.video.survey import Clock, survey
from support.films import frame_of, lumas_of, scene, stamps_of, write_film

PICTURES = [scene(number) for number in range(30)]
BASE = Fraction(1, 12800)
TIMES = [512 * number for number in range(30)]


@pytest.fixture(scope="module")
def mp4(tmp_path_factory):
    path = tmp_path_factory.mktemp("sound") / "in.mp4"
    return write_film(path, PICTURES, codec="libx264", times=TIMES, base=BASE, audio=1.2)


@pytest.fixture(scope="module")
def mkv(tmp_path_factory):
    return write_film(tmp_path_factory.mktemp("sound") / "in.mkv", PICTURES, codec="mpeg4")


def test_damaged_packets(tmp_path, color, mkv):
    data = bytearray(mkv.read_bytes())
    chance = random.Random(4)
    for _ in range(40):
        data[chance.randrange(3000, len(data) - 200)] ^= 0xFF
    (tmp_path / "in.mkv").write_bytes(data)
    report = color(tmp_path / "in.mkv", tmp_path / "out.mkv", lossless=True)
    assert report.warnings
    assert len(set(report.warnings)) == len(report.warnings) <= 4
    assert 10 <= report.frames <= 30
    assert len(lumas_of(tmp_path / "out.mkv")) == report.frames


def test_a_truncated_file_ends_where_it_ends(tmp_path, color):
    """Its header still says how long it was."""
    whole = write_film(tmp_path / "whole.mp4", PICTURES * 2, "yuv420p", "libx264")
    color(whole, tmp_path / "fast.mp4", crf=0)  # written with its index in front
    data = (tmp_path / "fast.mp4").read_bytes()
    (tmp_path / "in.mp4").write_bytes(data[: 2 * len(data) // 3])
    report = color(tmp_path / "in.mp4", tmp_path / "out.mp4", recolor=True)
    assert 20 <= report.frames < 60
    assert any("end at" in line for line in report.warnings)
    assert len(lumas_of(tmp_path / "out.mp4")) == report.frames


@pytest.mark.parametrize("content", [b"", b"no film", b"\0" * 5000], ids=["empty", "text", "zeros"])
def test_what_is_no_film_is_one_line(tmp_path, color, content):
    path = tmp_path / "in.mp4"
    path.write_bytes(content)
    with pytest.raises(VideoError, match="is no film that can be read") as caught:
        color(path, tmp_path / "out.mp4")
    assert "\n" not in str(caught.value)
    assert [entry.name for entry in tmp_path.iterdir()] == ["in.mp4"]


def test_a_file_without_its_index_is_one_line(tmp_path, color, mp4):
    data = mp4.read_bytes()
    (tmp_path / "in.mp4").write_bytes(data[: len(data) // 2])
    with pytest.raises(VideoError, match="is no film that can be read"):
        color(tmp_path / "in.mp4", tmp_path / "out.mp4")


def test_a_missing_file_is_one_line(tmp_path, color):
    with pytest.raises(VideoError, match="No such file"):
        color(tmp_path / "in.mp4", tmp_path / "out.mp4")


def test_sound_alone_is_one_line(tmp_path, color):
    with av.open(str(tmp_path / "in.m4a"), "w") as out:
        from support.films import write_sound

        write_sound(out, out.add_stream("aac", rate=44100), 0.5)
    with pytest.raises(VideoError, match="no stream of pictures, only audio"):
        color(tmp_path / "in.m4a", tmp_path / "out.mp4")


def test_a_picture_is_no_film(tmp_path, color, examples):
    photo = next(examples.glob("*.jpg"))
    with pytest.raises(VideoError, match="one picture, no film"):
        color(photo, tmp_path / "out.mp4")


@pytest.mark.parametrize("count", [1, 2])
def test_one_picture(tmp_path, color, count):
    source = write_film(tmp_path / "in.mkv", PICTURES[:count])
    report = color(source, tmp_path / "out.mp4")
    assert report.frames == count
    assert len(lumas_of(tmp_path / "out.mp4")) == count


def test_sound_that_is_longer_than_the_pictures_is_kept(tmp_path, color):
    source = write_film(tmp_path / "in.mp4", PICTURES[:5], codec="libx264", audio=2)
    color(source, tmp_path / "out.mp4")
    with av.open(str(tmp_path / "out.mp4")) as film:
        sound = film.streams.audio[0]
        assert sound.duration * sound.time_base == pytest.approx(2, abs=0.05)


def test_the_size_changes_in_mid_stream(tmp_path, color):
    """Raw H.264 may begin anew with another size; pictures are scaled to the first one's."""
    data = b""
    for size in ((64, 96), (96, 160)):
        context = av.codec.CodecContext.create("libx264", "w")
        context.width, context.height, context.pix_fmt = size[1], size[0], "yuv420p"
        context.time_base, context.framerate = Fraction(1, 25), Fraction(25)
        for number in range(6):
            frame = frame_of(scene(number, size=size), "yuv420p")
            frame.pts = number
            data += b"".join(bytes(packet) for packet in context.encode(frame))
        data += b"".join(bytes(packet) for packet in context.encode(None))
    (tmp_path / "in.h264").write_bytes(data)
    report = color(tmp_path / "in.h264", tmp_path / "out.mkv", lossless=True)
    lumas = lumas_of(tmp_path / "out.mkv")
    assert {luma.shape for luma in lumas} == {(64, 96)}
    assert report.frames == len(lumas) == 12
    assert sum("another size" in line for line in report.warnings) == 1


def test_missing_and_jumping_time_stamps_rise():
    clock = Clock(40)
    given = [0, 40, None, 120, 20, 60, None, 1000]
    assert [clock(stamp) for stamp in given] == [0, 40, 80, 120, 160, 200, 240, 1140]
    assert (clock.missing, clock.jumps) == (2, 1)


def test_a_film_without_time_stamps(tmp_path, color):
    """Raw H.264 has none."""
    source = write_film(tmp_path / "in.mp4", PICTURES[:8], codec="libx264")
    with av.open(str(source)) as film, av.open(str(tmp_path / "in.h264"), "w") as out:
        stream = out.add_stream_from_template(film.streams.video[0])
        for packet in film.demux(video=0):
            if packet.size:
                packet.stream = stream
                out.mux(packet)
    report = color(tmp_path / "in.h264", tmp_path / "out.mkv", lossless=True)
    assert report.frames == 8
    stamps = stamps_of(tmp_path / "out.mkv")
    assert stamps == sorted(set(stamps))


def test_a_wrong_duration_in_the_header_does_not_matter(tmp_path, color, mp4):
    data = bytearray(mp4.read_bytes())
    place = data.index(b"mvhd") + 20
    struct.pack_into(">I", data, place, 10**6)
    (tmp_path / "in.mp4").write_bytes(data)
    report = color(tmp_path / "in.mp4", tmp_path / "out.mp4")
    assert report.frames == 30
    assert stamps_of(tmp_path / "out.mp4") == stamps_of(mp4)


def colored_film(path):
    """A film in strong colours."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        for number in range(5):
            frame = frame_of(scene(number), "yuv420p")
            for index in (1, 2):
                plane = np.frombuffer(frame.planes[index], np.uint8)
                wave = np.sin(np.arange(plane.size) * 0.01 * index)
                np.copyto(plane, (128 + 60 * wave).astype(np.uint8))
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


def test_a_film_in_color_is_refused_unless_told(tmp_path, color):
    source = colored_film(tmp_path / "in.mkv")
    with pytest.raises(InColorError, match="in colour already; add recolor=True"):
        color(source, tmp_path / "out.mkv")
    assert [entry.name for entry in tmp_path.iterdir()] == ["in.mkv"]
    color(source, tmp_path / "out.mkv", recolor=True, lossless=True)
    np.testing.assert_array_equal(lumas_of(source), lumas_of(tmp_path / "out.mkv"))


def fuzz(folder, sources, rounds, seed):
    """Damage films at random and read them: pictures, or one clear error, never another one."""
    chance = random.Random(seed)
    outcomes = set()
    for number in range(rounds):
        source = chance.choice(sources)
        data = bytearray(source.read_bytes())
        for _ in range(chance.choice([1, 3, 30, 300])):
            place = chance.randrange(len(data))
            data[place : place + chance.choice([0, 1, 4])] = chance.randbytes(
                chance.choice([0, 1, 4])
            )
        if chance.random() < 0.2:
            del data[chance.randrange(len(data)) :]
        path = folder / f"{number % 4}{source.suffix}"
        path.write_bytes(data)
        try:
            found = survey(Film(path), None, None)
        except PhotochromError as error:
            outcomes.add("lines" if "\n" in str(error) else "error")
        else:
            assert len(found.times) == len(set(found.times)) > 0
            assert list(found.times) == sorted(found.times)
            outcomes.add("pictures")
    return outcomes


def test_damaged_films_are_read_or_refused(tmp_path, mp4, mkv):
    assert fuzz(tmp_path, [mp4, mkv], 40, seed=0) == {"error", "pictures"}


@pytest.mark.long
@pytest.mark.skipif(
    "PHOTOCHROM_FUZZ_FILMS" not in os.environ, reason="ten minutes of damaged films; on request"
)
def test_damaged_films_are_read_or_refused_for_ten_minutes(tmp_path, mp4, mkv):
    import time

    seconds = float(os.environ.get("PHOTOCHROM_FUZZ_SECONDS", "600"))
    end, seed = time.monotonic() + seconds, 1
    while time.monotonic() < end:
        fuzz(tmp_path, [mp4, mkv], 20, seed)
        seed += 1
