"""The options that a job has for all of its photos."""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from photochrom.crops import Crop
from photochrom.models import fingerprint, list_models
from photochrom.options import DEVICE, ColorizeOptions, SaveOptions
from photochrom.photo.naming import DEFAULT_NAME, Naming
from photochrom.references import Reference
from photochrom.restoration.options import RepairOptions

_OF_THE_JOB = ("model", "kind", "device", "format", "max_pixels", "name")
_OF_ONE_PHOTO = ("hints", "strokes")
_OF_COLORS = tuple(
    item.name for item in fields(ColorizeOptions) if item.name not in (*_OF_ONE_PHOTO, "references")
)
_OF_FILE = tuple(item.name for item in fields(SaveOptions) if item.name != "overwrite")


@dataclass(frozen=True, kw_only=True)
class JobSettings:
    """The options that decide how a job's results look.

    Where any of them but the device changes, a resumed job colours its photos again.

    model: a name or path, or several; kind, device: as for `Colorizer`. format: a suffix, or None
    for the photo's own. name: the template of results' names. colorize, save: options of every
    photo; hints and strokes are not used, and `Job` has the option to overwrite. repair: how
    each photo is repaired first, without a mask. color: whether photos are coloured.
    """

    model: str | None = None
    kind: str | None = None
    device: str = DEVICE
    format: str | None = None
    max_pixels: int | None = None
    name: str = DEFAULT_NAME
    colorize: ColorizeOptions = field(default_factory=ColorizeOptions)
    save: SaveOptions = field(default_factory=SaveOptions)
    repair: RepairOptions | None = None
    color: bool = True

    @classmethod
    def of(cls, record: dict[str, Any]) -> JobSettings:
        """The inverse of `as_dict`."""
        own = {name: record.get(name, getattr(cls, name)) for name in _OF_THE_JOB}
        colors = {name: record[name] for name in _OF_COLORS}
        file = {
            name: record[name] for name in _OF_FILE if name in record
        }  # older ledgers have less
        if file.get("crop") is not None:
            file["crop"] = Crop.parse(file["crop"])
        repair = record.get("repair")
        return cls(
            **own,
            colorize=ColorizeOptions(
                **colors, references=tuple(map(_unpacked, record.get("references", ())))
            ),
            save=SaveOptions(**file),
            repair=None if repair is None else RepairOptions(**repair),
            color=record.get("color", True),
        )

    def as_dict(self) -> dict[str, Any]:
        """All fields in one dict of plain values, for the ledger."""
        return {
            **{name: getattr(self, name) for name in _OF_THE_JOB},
            **{name: getattr(self.colorize, name) for name in _OF_COLORS},
            **{name: getattr(self.save, name) for name in _OF_FILE},
            "references": [_packed(reference) for reference in self.colorize.references],
            "crop": None if self.save.crop is None else str(self.save.crop),
            "repair": None if self.repair is None else _repair_as_dict(self.repair),
            "color": self.color,
        }

    @property
    def weights(self) -> str:
        """An identifier of the exact weights of all models; raises ModelError for a missing one."""
        return fingerprint(self.model, None if self.repair is None else self.repair.inpainter)

    @property
    def naming(self) -> Naming:
        """How results are named; raises ConfigError for a name that cannot be."""
        return Naming(
            template=self.name,
            suffix=self.format,
            model=self.model or list_models()[0],
            vividness=self.colorize.vividness,
        )

    def digest(self, model_sha256: str) -> str:
        """A short digest of these settings and of the weights that they are used with."""
        settings = self.as_dict()
        del settings["device"]  # the device changes no visible colour
        del settings["keep_time"]  # nor does the time of the file
        if self.name == DEFAULT_NAME:
            del settings["name"]  # as in jobs from before there were other names
        settings["references"] = [reference.digest for reference in self.colorize.references]
        for name in ("reversible", "crop", "turn", "repair", "references"):
            if not settings[name]:
                del settings[name]
        if self.color:
            del settings["color"]
        text = json.dumps([settings, model_sha256], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def _packed(reference: Reference) -> dict[str, Any]:
    data = base64.b64encode(zlib.compress(reference.data)).decode()
    size = {"height": reference.height, "width": reference.width}
    return {"name": reference.name, **size, "data": data}


def _unpacked(record: dict[str, Any]) -> Reference:
    return Reference(**record | {"data": zlib.decompress(base64.b64decode(record["data"]))})


def _repair_as_dict(options: RepairOptions) -> dict[str, Any]:
    record = asdict(replace(options, mask=None))
    if options.inpainter is None:
        del record["inpainter"]
    else:
        record["inpainter"] = str(options.inpainter)
    return record
