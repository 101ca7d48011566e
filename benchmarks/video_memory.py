"""Films: how much memory a long one takes beside a short one.

    python benchmarks/video_memory.py [--minutes 60] [--rate 24] [--model-size 64] [--last 20]

Both films, 320x240 with sound, repeat one minute of moving pictures with cuts, packet by packet.
`photochrom video` colours each; its peak is the kernel's high-water mark of resident memory, summed
over the process and its children. A small network and a quick preset make an hour of film short:
what grows with a film's length depends on neither. With --last only so many seconds at the end of
each film are coloured, which shows what the index of a long file takes.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import psutil

SIZE = 240, 320
SHOT = 4.0
"""Seconds from cut to cut."""
SOUND = 48000


def minute(path: Path, rate: int) -> None:
    """One minute of moving blobs under a little noise, a cut every four seconds, with sound."""
    random = np.random.default_rng(0)
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=rate, options={"crf": "30", "bf": "0"})
        stream.height, stream.width, stream.pix_fmt = *SIZE, "yuv420p"
        stream.codec_context.gop_size = round(SHOT * rate)
        sound = out.add_stream("aac", rate=SOUND)
        for number in range(60 * rate):
            if number % round(SHOT * rate) == 0:
                wide = random.uniform(30, 220, (8, 24)).repeat(60, axis=0).repeat(60, axis=1)
            place = number % round(SHOT * rate)
            picture = wide[place : place + SIZE[0], 2 * place : 2 * place + SIZE[1]]
            picture = picture + random.normal(0, 2, SIZE)
            frame = av.VideoFrame.from_ndarray(picture.clip(0, 255).astype(np.uint8), "gray")
            frame.pts, frame.time_base = number, Fraction(1, rate)
            out.mux(stream.encode(frame.reformat(format="yuv420p")))
        out.mux(stream.encode(None))
        for start in range(0, 59 * SOUND, 1024):  # shorter: repeated, they do not overlap
            wave = np.sin(np.arange(start, start + 1024) * 0.05).astype(np.float32)[None] * 0.2
            part = av.AudioFrame.from_ndarray(wave.repeat(2, axis=0), "fltp", "stereo")
            part.sample_rate, part.pts, part.time_base = SOUND, start, Fraction(1, SOUND)
            out.mux(sound.encode(part))
        out.mux(sound.encode(None))


def repeated(source: Path, target: Path, times: int) -> None:
    """A film several times over, its packets copied."""
    with av.open(str(target), "w") as out:
        copies: dict[int, av.stream.Stream] = {}
        for number in range(times):
            with av.open(str(source)) as film:
                for stream in film.streams:
                    if number == 0:
                        copies[stream.index] = out.add_stream_from_template(stream)
                for packet in film.demux():
                    if packet.size:
                        later = round(60 * number / packet.time_base)
                        packet.pts, packet.dts = packet.pts + later, packet.dts + later
                        packet.stream = copies[packet.stream.index]
                        out.mux(packet)


def peak_of(command: list[str]) -> tuple[float, float]:
    """Peak resident memory of a command and its children, MB, and the seconds that it took."""
    began = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    marks: dict[int, int] = {}
    while process.poll() is None:
        try:
            family = [process.pid, *(c.pid for c in psutil.Process(process.pid).children(True))]
        except psutil.Error:
            family = []
        for pid in family:
            marks[pid] = max(marks.get(pid, 0), _high_water(pid))
        time.sleep(0.05)
    if process.returncode != 0:
        raise SystemExit(f"exit code {process.returncode}")
    return sum(marks.values()) / 1024, time.monotonic() - began


def _high_water(pid: int) -> int:
    """The high-water mark of a process that may be gone, KB."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except OSError:
        return 0
    return next((int(ln.split()[1]) for ln in status.splitlines() if ln.startswith("VmHWM")), 0)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=int, default=60)
    parser.add_argument("--rate", type=int, default=24)
    parser.add_argument("--model-size", type=int, default=64)
    parser.add_argument("--last", type=int, metavar="SECONDS")
    arguments = parser.parse_args()
    print("| film | peak memory | beside one minute | seconds |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        short, film = Path(folder) / "minute.mp4", Path(folder) / "film.mp4"
        minute(short, arguments.rate)
        first = 0.0
        for minutes in (1, arguments.minutes):
            repeated(short, film, minutes)
            out = str(Path(folder) / "out.mp4")
            options = [
                "--size",
                str(arguments.model_size),
                "--encoder-preset",
                "ultrafast",
                "--overwrite",
            ]
            if arguments.last is not None:
                options += ["--start", str(60 * minutes - arguments.last)]
            command = [sys.executable, "-m", "photochrom", "video", str(film), out, *options]
            peak, took = peak_of(command)
            first = first or peak
            print(f"| {minutes} min | {peak:.1f} MB | {peak / first - 1:+.1%} | {took:.0f} |")


if __name__ == "__main__":
    main()
