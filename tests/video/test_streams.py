"""What a film has beside its pictures is copied: sound, time stamps, chapters, metadata."""

from __future__ import annotations

import json
import subprocess
from fractions import Fraction

import av
import numpy as np
import pytest

from photochrom.photo.metadata.digital_source import SOURCE_TYPE, says_computed
from support.films import (
    frame_of,
    lumas_of,
    packets_of,
    planes_of,
    scene,
    stamps_of,
    write_film,
)
from support.programs import missing

PICTURES = [scene(number) for number in range(12)]
BASE = Fraction(1, 12800)


@pytest.fixture(scope="module")
def spoken(tmp_path_factory):
    """An MP4 with sound."""
    path = tmp_path_factory.mktemp("spoken") / "in.mp4"
    times = [512 * number for number in range(12)]
    return write_film(path, PICTURES, codec="libx264", times=times, base=BASE, audio=0.6)


def test_sound_is_copied_byte_by_byte(tmp_path, color, spoken):
    color(spoken, tmp_path / "out.mp4")
    assert packets_of(tmp_path / "out.mp4") == packets_of(spoken)
    assert stamps_of(tmp_path / "out.mp4") == stamps_of(spoken)


def test_ffprobe_finds_no_fault(tmp_path, color, spoken):
    color(spoken, tmp_path / "out.mp4")
    try:
        done = subprocess.run(
            [
                *("ffprobe", "-v", "error", "-count_frames", "-show_streams", "-of", "json"),
                str(tmp_path / "out.mp4"),
            ],
            capture_output=True,
            check=True,
        )
    except FileNotFoundError:
        missing("no ffprobe")
    assert done.stderr == b""
    pictures, sound = json.loads(done.stdout)["streams"]
    assert int(pictures["nb_read_frames"]) == 12
    assert sound["codec_name"] == "aac"
    assert float(pictures["duration"]) == pytest.approx(12 / 25, abs=1e-3)


@pytest.mark.parametrize("codec", ["libx264", "libx265", "mpeg4"])
def test_time_stamps_of_a_variable_rate_are_the_sources(tmp_path, color, codec):
    """Pictures that refer to later ones (x264, x265) come in another order than they are shown."""
    times = np.cumsum([0, *np.random.default_rng(3).integers(100, 2000, 11)]).tolist()
    source = write_film(tmp_path / "in.mp4", PICTURES, codec="libx264", times=times, base=BASE)
    color(source, tmp_path / "out.mp4", codec=codec)
    assert stamps_of(tmp_path / "out.mp4") == [time * BASE for time in times]


@pytest.mark.parametrize("rotation", [90, 180, -90])
def test_rotation_and_aspect_are_kept(tmp_path, color, rotation):
    source = write_film(
        tmp_path / "in.mp4",
        PICTURES[:3],
        codec="libx264",
        base=BASE,
        times=[0, 512, 1024],
        rotation=rotation,
        aspect=Fraction(16, 11),
    )
    color(source, tmp_path / "out.mp4")
    found = []
    for path in (source, tmp_path / "out.mp4"):
        with av.open(str(path)) as film:
            stream = film.streams.video[0]
            found.append((next(film.decode(video=0)).rotation, stream.sample_aspect_ratio))
    assert found[0] == found[1]
    assert abs(found[0][0]) == abs(rotation)
    assert found[0][1] == Fraction(16, 11)


def test_metadata_and_chapters_are_kept(tmp_path, color):
    chapters = [
        {
            "id": number,
            "start": start,
            "end": end,
            "time_base": Fraction(1, 1000),
            "metadata": {"title": f"Reel {number}"},
        }
        for number, (start, end) in enumerate([(0, 200), (200, 480)], 1)
    ]
    source = write_film(
        tmp_path / "in.mkv", PICTURES, chapters=chapters, metadata={"title": "A street, 1912"}
    )
    color(source, tmp_path / "out.mkv", lossless=True)
    with av.open(str(tmp_path / "out.mkv")) as film:
        assert film.metadata["title"] == "A street, 1912"
        found = film.chapters()
    assert [chapter["metadata"]["title"] for chapter in found] == ["Reel 1", "Reel 2"]
    times = [chapter["start"] * Fraction(chapter["time_base"]) for chapter in found]
    assert times == [0, Fraction(1, 5)]


def with_subtitles(folder, attached=None):
    """A film with a line of words, and perhaps an attachment."""
    text = folder / "words.srt"
    text.write_text("1\n00:00:00,100 --> 00:00:00,300\nA dog barks.\n", encoding="utf-8")
    film = write_film(folder / "film.mkv", PICTURES)
    with (
        av.open(str(film)) as pictures,
        av.open(str(text)) as words,
        av.open(str(folder / "in.mkv"), "w") as out,
    ):
        first = out.add_stream_from_template(pictures.streams.video[0])
        second = out.add_stream_from_template(words.streams.subtitles[0])
        if attached is not None:
            out.add_attachment("note.txt", "text/plain", attached)
        for source, stream in ((pictures, first), (words, second)):
            for packet in source.demux():
                if packet.size:
                    packet.stream = stream
                    out.mux(packet)
    return folder / "in.mkv"


def test_subtitles_and_attachments_are_copied_into_matroska(tmp_path, color):
    film = with_subtitles(tmp_path, attached=b"found in an attic")
    report = color(film, tmp_path / "out.mkv", lossless=True)
    assert report.warnings == ()
    assert packets_of(tmp_path / "out.mkv", "subtitle")[0][1] == b"A dog barks."
    with av.open(str(tmp_path / "out.mkv")) as done:
        assert [stream.data for stream in done.streams.attachments] == [b"found in an attic"]


def test_what_the_container_does_not_hold_is_said(tmp_path, color):
    film = with_subtitles(tmp_path)
    report = color(film, tmp_path / "out.mp4")
    [line] = report.warnings
    assert "subtitle" in line
    assert ".mkv" in line


@pytest.mark.parametrize("order", [1, 2], ids=["upper first", "lower first"])
def test_interlaced_films_stay_interlaced(tmp_path, color, order):
    """Each field is another moment: the lines of one stand still beside those of the other."""
    path = tmp_path / "in.mkv"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("ffv1", rate=25)
        context = stream.codec_context
        context.width, context.height, context.pix_fmt = 96, 64, "yuv420p"
        context.field_order = 2 if order == 1 else 3
        graph = av.filter.Graph()
        source = graph.add_buffer(width=96, height=64, format="yuv420p", time_base=Fraction(1, 25))
        fields = graph.add("setfield", "mode=" + ("tff" if order == 1 else "bff"))
        sink = graph.add("buffersink")
        source.link_to(fields)
        fields.link_to(sink)
        graph.configure()
        for number in range(4):
            picture = scene(4 * number)
            picture[1::2] = scene(4 * number + 2)[1::2]
            frame = frame_of(picture, "yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            graph.push(frame)
            out.mux(stream.encode(graph.pull()))
        out.mux(stream.encode(None))
    color(path, tmp_path / "out.mkv", lossless=True)
    np.testing.assert_array_equal(lumas_of(path), lumas_of(tmp_path / "out.mkv"))
    with av.open(str(tmp_path / "out.mkv")) as film:
        assert next(film.decode(video=0)).interlaced_frame


def test_start_and_end_cut_pictures_and_sound(tmp_path, color, spoken):
    report = color(spoken, tmp_path / "out.mp4", start=0.2, end=0.4)
    assert report.frames == 5
    assert stamps_of(tmp_path / "out.mp4") == [Fraction(n, 25) for n in range(5)]
    sound = packets_of(tmp_path / "out.mp4")
    assert {data for _, data in sound} < {data for _, data in packets_of(spoken)}
    assert 7 <= len(sound) <= 10


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
def test_computed_colors_are_marked(tmp_path, color, spoken, suffix):
    color(spoken, tmp_path / f"marked{suffix}", lossless=False)
    color(spoken, tmp_path / f"plain{suffix}", mark=False)
    marked, plain = ((tmp_path / f"{name}{suffix}").read_bytes() for name in ("marked", "plain"))
    assert SOURCE_TYPE.encode() in marked
    assert SOURCE_TYPE.encode() not in plain
    if suffix != ".mkv":
        box = marked[marked.index(b"<?xpacket begin") :]
        assert says_computed(box)
    with av.open(str(tmp_path / f"marked{suffix}")) as film:
        assert sum(1 for _ in film.decode(video=0)) == 12


def test_pictures_in_and_out(tmp_path, color):
    """16 bits of grey stay: a code of luma and the PNG's own grey are the same."""
    folder = tmp_path / "reel"
    folder.mkdir()
    for number in range(3):
        gray = frame_of(scene(number), "gray16le", full=True)
        context = av.codec.CodecContext.create("png", "w")
        context.width, context.height, context.pix_fmt = 96, 64, "gray16be"
        context.time_base = Fraction(1, 24)
        data = b"".join(
            bytes(packet)
            for packet in [*context.encode(gray.reformat(format="gray16be")), *context.encode(None)]
        )
        (folder / f"scan {number + 9}.png").write_bytes(data)  # 9, 10, 11: by number, not by letter
    color(folder, tmp_path / "out")
    names = sorted(entry.name for entry in (tmp_path / "out").iterdir())
    assert names == ["scan 10.png", "scan 11.png", "scan 9.png"]
    with av.open(str(tmp_path / "out" / "scan 9.png")) as picture:
        frame = next(picture.decode(video=0))
    assert frame.format.name == "rgb48be"
    rgb = frame.reformat(format="rgb48le").to_ndarray().astype(float)
    luma = rgb @ [0.299, 0.587, 0.114]
    before = frame_of(scene(0), "gray16le", full=True)
    assert np.abs(luma - before.to_ndarray()).max() < 2
    assert np.ptp(rgb, axis=-1).max() > 500


def test_y4m_through_pipes(tmp_path, photochrom):
    source = write_film(tmp_path / "in.mkv", PICTURES[:4])
    with av.open(str(source)) as film:
        frames = [frame.to_ndarray() for frame in film.decode(video=0)]
    head = b"YUV4MPEG2 W96 H64 F25:1 Ip A1:1 C420jpeg\n"
    stream = head + b"".join(b"FRAME\n" + frame.tobytes() for frame in frames)
    done = photochrom("video", "-", "-", "--size", "32", stdin=stream)
    assert done.returncode == 0, done.stderr
    (tmp_path / "out.y4m").write_bytes(done.stdout)
    after = planes_of(tmp_path / "out.y4m")
    np.testing.assert_array_equal([p[0] for p in after], [frame[:64] for frame in frames])
    assert np.ptp([planes[1] for planes in after]) > 2
