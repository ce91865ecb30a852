# SPDX-License-Identifier: Apache-2.0
"""Is anybody at an address, and does it belong to the farm? And if not, why, in words that lead on.

Dask says "timed out" of everything, after many seconds, and the process of a machine that never joined ends with a
RuntimeError: so whoever is about to join looks first.
"""

from __future__ import annotations

import socket
import ssl

from greenroom.desk.farm.addresses import read_address
from greenroom.desk.farm.certificates import lines_lock
from greenroom.desk.farm.settings import certificates_folder
from greenroom.errors import EngineUnavailable

__all__ = ["CONNECT", "look", "unreachable", "why_away", "why_foreign"]

CONNECT = 5.0
"""Seconds for one address of a machine to answer: within a building it takes a thousandth of that."""

_EXPIRED = 10  # X509_V_ERR_CERT_HAS_EXPIRED
_FIREWALL = "See that the machine is on, that this is its address, and that no firewall closes the port. Then, there:"


def look(address: str) -> None:
    """Comes back where somebody of this farm hands work out at `address`.

    Raises:
        EngineUnavailable: nobody is there, or somebody who doesn't belong to the farm.
        InputError: no certificates, no address.
    """
    host, _, port = read_address(address).removeprefix("tls://").rpartition(":")
    lock = lines_lock(certificates_folder(), serves=False)
    try:
        with (
            socket.create_connection((host.strip("[]"), int(port)), timeout=CONNECT) as plain,
            lock.wrap_socket(plain) as line,
        ):
            if not line.recv(1):  # whoever hands work out speaks first; whom it doesn't know, it leaves
                raise ssl.SSLEOFError(ssl.SSL_ERROR_EOF, "it ended the line")
    except OSError as error:
        raise unreachable(address, error) from error


def unreachable(address: str, error: OSError) -> EngineUnavailable:
    """Of the farm at `address`, however it was noticed."""
    if isinstance(error, ssl.SSLError):
        said, hint = why_foreign(error, "the machine that hands work out")
    else:
        said, hint = why_away(error, "greenroom farm start")
        said = f"the farm can't be reached: {said}"
    return EngineUnavailable(said, hint=hint, where=address)


def why_away(error: OSError, command: str) -> tuple[str, str]:
    """What is wrong, and the next step. `command` starts the one that should be there.

    >>> why_away(ConnectionRefusedError(), "greenroom farm start")
    ('nothing listens there', 'Start it there: greenroom farm start')
    >>> why_away(TimeoutError(), "greenroom farm start")[0]
    'no answer'
    """
    match error:
        case socket.gaierror():
            return "no machine of that name is known here", "Check the name, or write the machine's number (10.0.0.7)."
        case ConnectionRefusedError():
            return "nothing listens there", f"Start it there: {command}"
        case TimeoutError():
            return "no answer", f"{_FIREWALL} {command}"
        case _:
            return error.strerror or str(error) or type(error).__name__, f"{_FIREWALL} {command}"


def why_foreign(error: OSError, owner: str) -> tuple[str, str]:
    """The same where somebody is there, but certificates don't fit; `owner` has those that count."""
    if isinstance(error, ssl.SSLCertVerificationError) and error.verify_code == _EXPIRED:
        return (
            "the farm's certificates have expired",
            "Move their folder away and make new ones (greenroom farm init), then copy the three to all machines.",
        )
    why = getattr(error, "verify_message", "") or getattr(error, "reason", "") or error.strerror or str(error)
    return (
        f"{owner} and this machine don't belong to one farm ({why})",
        f"Copy the three files (greenroom farm init) of {owner} to this machine; nothing goes unencrypted.",
    )
