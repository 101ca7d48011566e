"""What the reference of the HTTP API says of fields and settings whose names do not say enough."""

from __future__ import annotations

FLAGS = {"hosts": "--allowed-host", "cors_origins": "--cors-origin", "pixels": "--max-pixels"}
"""Flags of `photochrom serve` that are called otherwise than their setting."""

SETTINGS: dict[str, tuple[str | None, str]] = {
    "host": (None, "address to listen on; others than this machine need a token, or `insecure`"),
    "port": (None, "0 for any free one"),
    "token": ("none", "`Authorization: Bearer TOKEN` must be on every request"),
    "insecure": ("no", "let everybody who reaches the host in without a token"),
    "hosts": ("names of this machine; any, where it listens to others", "allowed `Host` headers"),
    "cors_origins": ("none", "pages of these origins may ask"),
    "root_path": ("none", "sub-path at which a proxy serves the server, such as `/photos`"),
    "model": ("`photochrom`", "a model's name or file"),
    "device": (None, "what runs the networks"),
    "workers": ("cores + 1", "photos at a time"),
    "threads": ("the cores, divided among the workers", "threads of each photo"),
    "models_loaded": (None, "networks kept in memory"),
    "waiting": (None, "requests in the queue; more get a 429"),
    "upload_bytes": ("2 GiB", "largest body, bytes"),
    "pixels": ("1 gigapixel; 150 megapixels where a format is decoded whole", "largest photo"),
    "hints": (None, "most hints of a request"),
    "copy_pixels": ("2 Mi", "largest copy that networks see, pixels"),
    "pages": (None, "most pages of a TIFF"),
    "connections": (None, "most connections at a time"),
    "sessions": (None, "most uploaded photos at a time"),
    "session_bytes": ("32 GiB", "what uploaded photos may take of the disk, bytes"),
    "session_s": (None, "seconds after which a photo that nobody asks for is removed"),
    "folder": ("the system's", "where the temporary folder is made"),
    "free_bytes": ("1 GiB", "bytes of the temporary folder's disk that are left to others"),
    "header_s": (None, "seconds in which the head of a request must arrive"),
    "body_bytes_s": (None, "slowest upload, bytes a second over `stall_s`"),
    "stall_s": (None, "longest pause of a peer that sends or reads too slowly, seconds"),
    "shutdown_s": (None, "seconds that running requests have at the end"),
}
"""For each setting the default, None where its value says it, and what it is."""

ANSWERS = {
    "/api/v1/about": {
        "version": "of Photochrom",
        "token_needed": "whether requests must give a token",
        "limits": "`upload_bytes`, `pixels`, `hints`, `sessions`, as the settings of these names",
        "formats": "what is written: jpg, png, ...",
        "reads": "the suffixes of files that are read",
        "lossy": "those of `formats` that lose detail and take a `quality`",
        "options": "of each number among the options its `minimum`, `maximum` and `default`",
    },
    "/api/v1/models": {
        "default": "the model that is taken where none is named",
        "models": "of each its `name`, `purpose`, `licence`, `licence_url`, what it `can` do, "
        "[Abilities](#abilities), and its `size`s: `usual`, `smallest`, `largest`",
    },
    "/healthz": {"status": "ok"},
    "/readyz": {"status": "ready"},
}
"""For each route whose answer is plain JSON its keys."""

FIELDS = {
    "ab": "a and b, CIE Lab units",
    "bits": "bits a channel of the file",
    "can": "what its model can do",
    "color": "sRGB, `#rrggbb`",
    "confidence": "the model says how sure it is",
    "count": "at most so many",
    "current": "the colour that the place has in this revision",
    "expires_in": "seconds without a request after which the photo is removed",
    "format": "kind of the file: jpg, png, tif, ...; by default the photo's",
    "h": "height of the piece, pixels of the photo",
    "height": "pixels",
    "hints": "colours that points shall have; in a query the JSON of a file of hints",
    "id": "of the photo, as `POST /api/v1/sessions` gives it",
    "in_color": "whether the photo is in colour already",
    "lightness": "L of the place, 0 to 100",
    "longest": "long side of the picture, pixels",
    "look": "the latest options",
    "mark": "say in the file's XMP that the colours are computed",
    "model": "a name of `/api/v1/models`, or a blend, `a:0.7+b:0.3`",
    "name": "the file's name, where the body is the photo itself",
    "neutral": "the grey of the place",
    "notes": "what was noticed while the photo was read",
    "pages": "pages of a TIFF, 1 for all else",
    "probability": "0 to 1; null where the model says one colour only",
    "reversible": "whether the luma of a grey JPEG is kept bit for bit, in a JPEG",
    "profile": "colour space of the file: sRGB, or the photo's own",
    "quality": "of lossy formats",
    "radius": "how far around the point the colour is known, pixels; null: 1 % of the short side",
    "recolor": "also colour a photo that is in colour already",
    "revision": "the number of a state of the options; the latest by default",
    "saturation": "factor on a and b after the network",
    "seed": "of the variants",
    "session": "id of a photo; several times",
    "size": "short side of the copy that the network sees, pixels; null: the model's own",
    "smooth": "how far colours are evened out where no edge lies between",
    "suggestions": "likely colours of a place; of a model, whether it gives probabilities",
    "tint": "-1 greener, 1 more magenta",
    "variant": "0 for the usual colours, else one of the variants",
    "variants": "the model has variants",
    "vividness": "0 faithful and muted, 1 vivid",
    "w": "width of the piece, pixels of the photo",
    "warmth": "-1 bluer, 1 yellower",
    "width": "pixels; of a piece, the width that it is reduced to",
    "x": "pixels to the right in the upright photo, from 0",
    "y": "pixels down in the upright photo, from 0",
}
"""What a parameter or field is, by its name, where the schema does not say it."""
