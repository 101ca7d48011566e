"""Models: what is known about them, where they lie, what they take and say."""

from photochrom.models.contract import LONGEST, MULTIPLE, Contract, SizeRule, contract_from_table
from photochrom.models.descriptor import Descriptor, descriptor_from_table, descriptors_from
from photochrom.models.places import downloads
from photochrom.models.recognition import KINDS, Tensor, check_tensors, recognised
from photochrom.models.registry import (
    Found,
    describe,
    find,
    fingerprint,
    known_models,
    locate,
    parse_blend,
    sha256_of,
    verify,
)

__all__ = [
    "KINDS",
    "LONGEST",
    "MULTIPLE",
    "Contract",
    "Descriptor",
    "Found",
    "SizeRule",
    "Tensor",
    "check_tensors",
    "contract_from_table",
    "describe",
    "descriptor_from_table",
    "descriptors_from",
    "downloads",
    "find",
    "fingerprint",
    "known_models",
    "locate",
    "parse_blend",
    "recognised",
    "sha256_of",
    "verify",
]
