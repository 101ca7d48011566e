"""Names in Host and Origin headers, in one spelling."""

from __future__ import annotations

import re
from ipaddress import IPv6Address
from urllib.parse import urlsplit

_HOST = re.compile(r"(\[[^\[\]]*\]|[^:\[\]]*)(?::(\d*))?")
_DEFAULT_PORTS = {"http": "80", "https": "443"}


def canonical_name(host: str) -> str:
    """A host without its port, in lower case; IPv6 in brackets, in its shortest spelling.

    A text that is not a host name is returned in lower case, and matches none.
    """
    name, _ = _split(host)
    address = name[1:-1] if name.startswith("[") and name.endswith("]") else name
    try:
        return f"[{IPv6Address(address)}]"
    except ValueError:
        return name


def is_same_host(origin: str, host: str) -> bool:
    """Whether an Origin is that of the server in Host, whose scheme a proxy may have changed."""
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    default = _DEFAULT_PORTS.get(parts.scheme)
    if default is None or not parts.netloc or "@" in parts.netloc:
        return False
    if canonical_name(parts.netloc) != canonical_name(host):
        return False
    return (_split(parts.netloc)[1] or default) == (_split(host)[1] or default)


def _split(host: str) -> tuple[str, str]:
    """Name and port, the port empty where it is missing."""
    match = _HOST.fullmatch(host.lower())
    return (match[1], match[2] or "") if match else (host.lower(), "")
