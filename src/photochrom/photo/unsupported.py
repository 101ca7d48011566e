"""Suffixes of pictures and scanned documents that Photochrom does not read."""

from __future__ import annotations

from pathlib import PurePath

from photochrom.photo.formats import SUFFIXES

_CAMERA_RAW = (
    "3fr arw bay cap cr2 cr3 crw dcr dcs dng erf fff gpr iiq k25 kdc mdc mef mos mrw nef nrw orf "
    "pef ptx raf raw rw2 rwl sr2 srf srw x3f"
)
_EDITORS = "af afdesign afphoto ai cdr clip indd kra ora pdd pdn psb psd psp pspimage sketch xcf"
_DOCUMENTS = "djv djvu eps epsf jb2 jbig jbig2 oxps pdf ps xps"
_DRAWINGS = "emf svg svgz wmf"
_BITMAPS = (
    "apng avifs bmp cin cur dcm dcx dds dib dpx exr fit fits flif fts hdp hdr heics hif ico j2c "
    "jbg jls jng jp2k jpc jpf jph jpm jxl jxr jxs mng mpo pam pbm pcd pct pcx pfm pic pict qoi "
    "ras rgbe sgi sid sun tga wdp webm wbmp xbm xpm"
)
_UNSUPPORTED = frozenset(
    f".{name}"
    for names in (_CAMERA_RAW, _EDITORS, _DOCUMENTS, _DRAWINGS, _BITMAPS)
    for name in names.split()
)


def unsupported_format(name: str) -> str | None:
    """The format of a file that is a picture by its suffix, which Photochrom does not read.

    Returns the suffix in capitals, such as PSD or CR2; None for a file that Photochrom reads, and
    for one that is no picture.
    """
    suffix = PurePath(name).suffix.lower()
    if suffix in SUFFIXES or suffix not in _UNSUPPORTED:
        return None
    return suffix[1:].upper()
