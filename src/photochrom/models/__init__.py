"""Models: what is known about them, where they lie, what they take and say."""

from photochrom.models.catalogue import (
    ResolvedModel,
    broken_packages,
    describe,
    find,
    fingerprint,
    known_models,
    list_models,
    locate,
    parse_blend,
    sha256_of,
    verify,
)
from photochrom.models.contract import (
    LONGEST,
    MULTIPLE,
    Abilities,
    Contract,
    SizeRule,
    contract_from_table,
    dial_from,
)
from photochrom.models.descriptor import Descriptor, descriptors_from
from photochrom.models.paths import downloads
from photochrom.models.recognition import BYTES, CONVENTIONS, Tensor, check_kind, fitted, recognised

__all__ = [
    "BYTES",
    "CONVENTIONS",
    "LONGEST",
    "MULTIPLE",
    "Abilities",
    "Contract",
    "Descriptor",
    "ResolvedModel",
    "SizeRule",
    "Tensor",
    "broken_packages",
    "check_kind",
    "contract_from_table",
    "describe",
    "descriptors_from",
    "dial_from",
    "downloads",
    "find",
    "fingerprint",
    "fitted",
    "known_models",
    "list_models",
    "locate",
    "parse_blend",
    "recognised",
    "sha256_of",
    "verify",
]
