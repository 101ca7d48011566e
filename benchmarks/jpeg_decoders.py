"""Which decoders read reversible JPEGs, whose luma and chroma lie in scans of their own.

    python benchmarks/jpeg_decoders.py [--node-modules FOLDER] [--python PYTHON]

Each decoder of this machine decodes reversible results (baseline, progressive, with restart
markers, of three components, odd sizes) of the example photographs. "luma": the largest difference
of its Y' from the codes of the grey file, which it decodes too; rounding makes up to 1. "colour":
the mean difference from what libjpeg-turbo makes of the same file; decoders enlarge chroma in
several ways, so up to about 2 is usual. Decoders that are not there are left out: programs (djpeg,
FFmpeg, ImageMagick, GraphicsMagick, Chromium), Go's image/jpeg, Java's ImageIO, stb_image with a C
compiler; jpeg-js and sharp in FOLDER; OpenCV in the environment of PYTHON.
"""

from __future__ import annotations

import argparse
import base64
import io
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from photochrom import Colorizer, SaveOptions

EXAMPLES = Path(__file__).parents[1] / "examples"
NAMES = ("cat", "harbour", "students")
ENCODINGS: dict[str, dict[str, Any]] = {
    "baseline": {"optimize": True},
    "progressive": {"progressive": True},
    "restarts": {"restart_marker_rows": 1},
}
NEUTRAL: dict[str, dict[str, Any]] = {
    "three components": {"subsampling": 2, "restart_marker_rows": 1},
    "three, 4:4:4": {"subsampling": 0},
    "three, progressive": {"subsampling": 2, "progressive": True},
}
"""JPEGs of three components without colour."""
Decoder = Callable[[Path], NDArray[np.uint8]]

GO = """package main
import ("bufio"; "fmt"; "image/jpeg"; "os")
func main() {
  f, _ := os.Open(os.Args[1]); m, err := jpeg.Decode(f)
  if err != nil { fmt.Fprintln(os.Stderr, err); os.Exit(1) }
  b := m.Bounds(); w := bufio.NewWriter(os.Stdout)
  fmt.Fprintf(w, "P6 %d %d 255\\n", b.Dx(), b.Dy())
  for y := b.Min.Y; y < b.Max.Y; y++ { for x := b.Min.X; x < b.Max.X; x++ {
    r, g, bl, _ := m.At(x, y).RGBA(); w.Write([]byte{byte(r >> 8), byte(g >> 8), byte(bl >> 8)}) } }
  w.Flush()
}
"""
JAVA = """import javax.imageio.ImageIO; import java.io.*; import java.awt.image.BufferedImage;
public class Decode { public static void main(String[] a) throws Exception {
  BufferedImage m = ImageIO.read(new File(a[0])); int w = m.getWidth(), h = m.getHeight();
  OutputStream o = new BufferedOutputStream(System.out);
  o.write(("P6 " + w + " " + h + " 255\\n").getBytes());
  for (int y = 0; y < h; y++) for (int x = 0; x < w; x++) { int p = m.getRGB(x, y);
    if (m.getRaster().getNumBands() == 1) p = m.getRaster().getSample(x, y, 0) * 0x10101;
    o.write(p >> 16); o.write(p >> 8); o.write(p); } o.flush(); } }
"""
STB = """#define STB_IMAGE_IMPLEMENTATION
#define STBI_ONLY_JPEG
#include <stb/stb_image.h>
int main(int n, char **a) { int w, h, c; unsigned char *p = stbi_load(a[1], &w, &h, &c, 3);
  if (!p) { fprintf(stderr, "%s\\n", stbi_failure_reason()); return 1; }
  printf("P6 %d %d 255\\n", w, h); fwrite(p, 3, (size_t)w * h, stdout); return n < 2; }
"""
JPEG_JS = """const jpeg = require('jpeg-js'), fs = require('fs');
const m = jpeg.decode(fs.readFileSync(process.argv[2]), {
  useTArray: true, formatAsRGBA: false, maxMemoryUsageInMB: 2048});
const head = Buffer.from(`P6 ${m.width} ${m.height} 255\\n`);
process.stdout.write(Buffer.concat([head, Buffer.from(m.data)]));
"""
SHARP = """require('sharp')(process.argv[2]).toColourspace('srgb').removeAlpha().raw()
  .toBuffer({resolveWithObject: true}).then(({data, info}) => process.stdout.write(Buffer.concat([
    Buffer.from(`P6 ${info.width} ${info.height} 255\\n`), data])));
"""
PYTHON = """import sys, numpy as np
{load}
head = b"P6 %d %d 255\\n" % (a.shape[1], a.shape[0])
sys.stdout.buffer.write(head + np.ascontiguousarray(a).tobytes())
"""
OPENCV = PYTHON.format(load="import cv2\na = cv2.imread(sys.argv[1])[..., ::-1]")
PAGE = """<body><script>const i = new Image(); i.onload = () => {
const c = document.createElement('canvas');
c.width = i.width; c.height = i.height; const x = c.getContext('2d'); x.drawImage(i, 0, 0);
const l = document.createElement('p'); l.id = 'o'; l.textContent = c.toDataURL('image/png');
document.body.append(l); }; i.src = 'data:image/jpeg;base64,DATA';</script>"""


def of_pixmap(data: bytes) -> NDArray[np.uint8]:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def program(*command: str) -> Decoder:
    def decode(path: Path) -> NDArray[np.uint8]:
        filled = [str(path) if part == "{}" else part for part in command]
        done = subprocess.run(filled, capture_output=True, timeout=120)
        if done.returncode:
            raise RuntimeError((done.stderr.decode(errors="replace").strip() or "failed")[:80])
        return of_pixmap(done.stdout)

    return decode


def by_pillow(path: Path) -> NDArray[np.uint8]:
    return np.asarray(Image.open(path).convert("RGB"))


def by_vips(path: Path) -> NDArray[np.uint8]:
    import pyvips

    image = pyvips.Image.new_from_file(str(path)).icc_transform("srgb", embedded=True)
    return image.colourspace("srgb").numpy()[..., :3]


def by_chromium(path: Path) -> NDArray[np.uint8]:
    page = path.with_suffix(".html")
    page.write_text(PAGE.replace("DATA", base64.b64encode(path.read_bytes()).decode()))
    options = ["--headless", "--no-sandbox", "--virtual-time-budget=20000", "--dump-dom"]
    done = subprocess.run(
        ["chromium", *options, page.as_uri()], capture_output=True, timeout=120, check=True
    )
    text = done.stdout.decode()
    if "base64," not in text.split("id=")[-1]:
        raise RuntimeError("shows nothing")
    encoded = text.split('<p id="o">data:image/png;base64,')[1].split("<")[0]
    return of_pixmap(base64.b64decode(encoded))


def decoders(folder: Path, modules: Path | None, python: str) -> Iterator[tuple[str, Decoder]]:
    yield "libjpeg-turbo (Pillow)", by_pillow
    yield "libvips", by_vips
    ppm = ("ppm:-",)
    for name, command in {
        "libjpeg-turbo (djpeg)": ("djpeg", "-ppm", "{}"),
        "FFmpeg": (
            *("ffmpeg", "-v", "error", "-i", "{}", "-f", "image2pipe"),
            *("-pix_fmt", "rgb24", "-vcodec", "ppm", "-"),
        ),
        "ImageMagick": ("convert", "{}", *ppm),
        "GraphicsMagick": ("gm", "convert", "{}", *ppm),
    }.items():
        if shutil.which(command[0]):
            yield name, program(*command)
    if shutil.which("chromium"):
        yield "Chromium", by_chromium
    if shutil.which("go"):
        (folder / "decode.go").write_text(GO)
        made = ["go", "build", "-o", str(folder / "decode_go"), str(folder / "decode.go")]
        subprocess.run(made, check=True, env={**os.environ, "GOCACHE": str(folder / "cache")})
        yield "Go image/jpeg", program(str(folder / "decode_go"), "{}")
    if shutil.which("javac"):
        (folder / "Decode.java").write_text(JAVA)
        subprocess.run(["javac", "-d", str(folder), str(folder / "Decode.java")], check=True)
        java = ("java", "-Djava.awt.headless=true", "-cp", str(folder), "Decode", "{}")
        yield "Java ImageIO", program(*java)
    if Path("/usr/include/stb/stb_image.h").exists() and shutil.which("cc"):
        (folder / "stb.c").write_text(STB)
        built = ["cc", "-O1", "-w", "-o", str(folder / "stb"), str(folder / "stb.c"), "-lm"]
        subprocess.run(built, check=True)
        yield "stb_image", program(str(folder / "stb"), "{}")
    if modules is not None:
        for name, source in {"jpeg-js": JPEG_JS, "sharp": SHARP}.items():
            if (modules / name).exists():
                script = folder / f"{name}.js"
                script.write_text(source)
                yield name, program("env", f"NODE_PATH={modules}", "node", str(script), "{}")
    if subprocess.run([python, "-c", "import cv2"], capture_output=True).returncode == 0:
        yield "OpenCV", program(python, "-c", OPENCV, "{}")


def variants(folder: Path, colorizer: Colorizer) -> Iterator[tuple[str, Path, Path]]:
    """Of each kind of JPEG: its name, the grey file and the reversible result."""
    for name in NAMES:
        image = Image.open(EXAMPLES / f"{name}.jpg").convert("L")
        image = image.crop((0, 0, image.width - 1 + image.width % 2, image.height))  # odd
        for kind, options in (ENCODINGS | NEUTRAL).items():
            gray, colored = folder / f"{name}-{kind}.jpg", folder / f"{name}-{kind}.color.jpg"
            stored = image.convert("RGB") if kind in NEUTRAL else image
            stored.save(gray, quality=90, **options)
            colorizer.colorize(gray).save(colored, SaveOptions(reversible=True))
            yield kind, gray, colored


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--node-modules", type=Path)
    parser.add_argument("--python", default=sys.executable)
    arguments = parser.parse_args()
    weights = np.array([0.299, 0.587, 0.114])
    kinds = [*ENCODINGS, *NEUTRAL]
    print(f"| decoder | {' | '.join(f'{kind}: luma, colour' for kind in kinds)} |")
    print("|---" * (1 + len(kinds)) + "|")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        photos = list(variants(folder, Colorizer()))
        for title, decode in decoders(folder, arguments.node_modules, arguments.python):
            cells = []
            for kind in kinds:
                luma, color, fault = 0.0, 0.0, ""
                for _, gray, colored in (photo for photo in photos if photo[0] == kind):
                    try:
                        rgb = decode(colored).astype(float)
                        away = rgb @ weights - decode(gray).astype(float)[..., 0]
                    except Exception as error:
                        fault = str(error).splitlines()[0]
                        break
                    luma = max(luma, float(np.abs(away).max()))
                    color = max(color, float(np.abs(rgb - by_pillow(colored)).mean()))
                cells.append(fault or f"{luma:.1f}, {color:.2f}")
            print(f"| {title} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
