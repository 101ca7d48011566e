"""Models: their descriptors, their files, their inputs and outputs."""

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
    MAX_ASPECT,
    MULTIPLE,
    Abilities,
    Contract,
    SizeRule,
    contract_from_table,
    dial_from,
)
from photochrom.models.descriptor import Descriptor, descriptors_from
from photochrom.models.paths import downloads
from photochrom.models.recognition import (
    BYTES,
    CONVENTIONS,
    Tensor,
    check_convention,
    fit_to_graph,
    recognize,
)

__all__ = [
    "BYTES",
    "CONVENTIONS",
    "MAX_ASPECT",
    "MULTIPLE",
    "Abilities",
    "Contract",
    "Descriptor",
    "ResolvedModel",
    "SizeRule",
    "Tensor",
    "broken_packages",
    "check_convention",
    "contract_from_table",
    "describe",
    "descriptors_from",
    "dial_from",
    "downloads",
    "find",
    "fingerprint",
    "fit_to_graph",
    "known_models",
    "list_models",
    "locate",
    "parse_blend",
    "recognize",
    "sha256_of",
    "verify",
]
