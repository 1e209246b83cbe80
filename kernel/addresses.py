"""Which network addresses the outside world is made of. Pure: no lookup, no socket."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# IANA IPv4 special-purpose address registry (RFC 6890), multicast and reserved space. Written out because what
# `ipaddress.is_global` says differs between Python releases.
_CLOSED_IPV4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "168.63.129.16/32",  # the host service of Azure: a public number that only its own machines reach
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
# Only global unicast (RFC 4291) is open, less the special blocks in it: protocol assignments with Teredo and ORCHID,
# documentation, 6to4, and the AS112 delegation.
_OPEN_IPV6 = IPv6Network("2000::/3")
_CLOSED_IPV6 = tuple(
    IPv6Network(network) for network in ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")
)
_ISATAP = (0x00005EFE, 0x02005EFE)  # RFC 5214: an IPv4 address travels in the interface identifier


def is_public(address: Address) -> bool:
    """True if the address is an ordinary one on the internet.

    Private, loopback, link-local, metadata, multicast and reserved addresses are not, nor is any IPv6 form that carries
    an IPv4 address (mapped, compatible, 6to4, Teredo, NAT64, ISATAP), whatever that address is.
    """
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _CLOSED_IPV4)
    if address not in _OPEN_IPV6 or any(address in network for network in _CLOSED_IPV6):
        return False
    return (int(address) >> 32) & 0xFFFFFFFF not in _ISATAP


def parse_address(text: str) -> Address:
    """The address as the resolver wrote it; a zone (`%eth0`) is kept. Raises ValueError."""
    return ip_address(text)


def parse_network(text: str) -> Network | None:
    """The network or single address that the text is, or None if it is a host name."""
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None
