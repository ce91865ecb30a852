# SPDX-License-Identifier: Apache-2.0
"""Keys of hosts: where they are looked for, how they are kept, and that nobody sees them by accident.

Looked for in this order: GREENROOM_FAL_KEY in the environment, the provider's own variable (FAL_KEY), the key file,
the system's keyring. The key file is keys.toml in the user's own configuration folder (GREENROOM_KEYS names another
one), made readable by its owner only. `set_key` keeps a key in the keyring, and in the file where no keyring works.

A `Key` shows where it came from and never what it is: not in repr, str, format or pickles. Errors of this module never
quote a value.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import stat
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from greenroom.engines.hosted.settings import HOSTS, known_host
from greenroom.errors import EngineUnavailable, InputError, Problem, Severity
from greenroom.media.files import store_error

__all__ = ["Key", "KeyPlaces", "find_key", "how_to_set", "need_key"]

_LONGEST = 4096  # characters; the longest key seen at a host is a token of some hundred
_SERVICE = "greenroom"


class Key:
    """A secret and where it came from. `reveal()` is for the one line that writes the header."""

    __slots__ = ("__secret", "host", "source")

    def __init__(self, host: str, secret: str, source: str) -> None:
        self.host = host
        self.source = source
        self.__secret = secret

    def reveal(self) -> str:
        return self.__secret

    def __repr__(self) -> str:
        return f"Key({self.host!r}, from {self.source})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a key is never written anywhere")


def find_key(host: str) -> Key | None:
    """The key of `host`, or None where nobody set one."""
    return KeyPlaces().find(host)


def need_key(host: str) -> Key:
    """The key of `host`.

    Raises:
        EngineUnavailable: there is none; the hint says how to set one.
    """
    key = find_key(host)
    if key is None:
        raise EngineUnavailable(f"there is no key for {HOSTS[host].title}", hint=how_to_set(host))
    return key


def how_to_set(host: str) -> str:
    """The next step for who has no key."""
    made_at = f" A key is made at {HOSTS[host].keys_page}." if HOSTS[host].keys_page else ""
    return f"greenroom keys set {host}, or set {HOSTS[host].key_variables[0]}.{made_at}"


class KeyPlaces:
    """The environment, the key file and the keyring. `ring` is a keyring backend; None: the system's own."""

    def __init__(self, environ: Mapping[str, str] | None = None, file: Path | None = None, ring: Any = None) -> None:
        self.environ = os.environ if environ is None else environ
        self.file = file or _key_file(self.environ)
        self._ring = ring

    def find(self, host: str) -> Key | None:
        """The first key in the order of the module's docstring.

        Raises:
            InputError: no such host, or a key or key file that can't be used.
        """
        settings = known_host(host)
        for variable in settings.key_variables:
            if self.variable(variable):
                return Key(host, _clean(self.environ[variable], variable), f"the variable {variable}")
        in_file = self._read().get(host)
        if in_file:
            return Key(host, _clean(in_file, str(self.file)), str(self.file))
        in_ring = self._from_ring(host)
        return Key(host, _clean(in_ring, "the keyring"), f"the keyring ({self.ring_name})") if in_ring else None

    def set(self, host: str, secret: str) -> str:
        """Keeps a key, and returns where: in the keyring, or in the file where no keyring works.

        Raises:
            InputError: no such host, or no key that a header could carry.
            StoreError: the file can't be written.
        """
        known_host(host)
        secret = _clean(secret, "the key")
        if self._into_ring(host, secret):
            self._forget_in_file(host)  # it would be found first
            return f"the keyring ({self.ring_name})"
        self._write(self._read() | {host: secret})
        return str(self.file)

    def remove(self, host: str) -> tuple[str, ...]:
        """Forgets a key in file and keyring, and returns where it was. Variables are the user's own to unset."""
        known_host(host)
        removed = []
        if self._forget_in_file(host):
            removed.append(str(self.file))
        if self._forget_in_ring(host):
            removed.append(f"the keyring ({self.ring_name})")
        return tuple(removed)

    def places(self, host: str) -> tuple[str, ...]:
        """All that hold a key of `host`, in the order in which they are asked."""
        places = [f"the variable {name}" for name in known_host(host).key_variables if self.variable(name)]
        if self._read().get(host):
            places.append(str(self.file))
        if self._from_ring(host):
            places.append(f"the keyring ({self.ring_name})")
        return tuple(places)

    def variable(self, name: str) -> str:
        """What an environment variable holds; "" where it isn't set."""
        return self.environ.get(name, "").strip()

    def problems(self) -> tuple[Problem, ...]:
        """A warning where others can read the key file, and a note where there is no keyring."""
        found = []
        mode = self._mode()
        if mode & 0o077:
            message = f"others on this machine can read the keys (permissions {mode:03o})"
            step = f"chmod 600 {shlex.quote(str(self.file))}, and make new keys if others were at it."
            found.append(Problem(Severity.WARNING, "keys-readable", message, step, str(self.file)))
        if self._backend() is None:
            message = f"no keyring works here; keys are kept in {self.file}"
            found.append(Problem(Severity.NOTE, "no-keyring", message, "", "keys"))
        return tuple(found)

    @property
    def ring_name(self) -> str:
        """What the keyring calls itself; "" where none works."""
        return str(getattr(self._backend(), "name", ""))

    def _read(self) -> dict[str, str]:
        table: Mapping[str, Any] | None = None
        try:
            table = tomllib.loads(self.file.read_text(encoding="utf-8-sig"))
        except FileNotFoundError:
            return {}
        except (tomllib.TOMLDecodeError, UnicodeDecodeError):
            pass  # told below: the parser's own error may quote a key
        except OSError as error:
            message = f"the key file can't be read ({error.strerror})"
            raise InputError(message, hint="Look at its permissions.", where=str(self.file)) from error
        if table is None or not all(isinstance(value, str) for value in table.values()):
            hint = 'Each line has to be HOST = "key".'
            raise InputError("the key file isn't what it should be", hint=hint, where=str(self.file))
        return dict(table)

    def _write(self, keys: Mapping[str, str]) -> None:
        """In one step, readable by the owner only from its first byte on."""
        text = "# Greenroom's keys. For its owner's eyes only (chmod 600).\n"
        text += "".join(f"{host} = {_quoted(secret)}\n" for host, secret in sorted(keys.items()))
        try:
            self._replace(text)
        except OSError as error:
            raise store_error(error, self.file) from error

    def _replace(self, text: str) -> None:
        self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        partial = self.file.with_name(f".{self.file.name}.{os.getpid()}.partial")
        handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as stream:
                stream.write(text)
                stream.flush()
                os.fsync(stream.fileno())
            partial.replace(self.file)
        finally:
            partial.unlink(missing_ok=True)

    def _forget_in_file(self, host: str) -> bool:
        keys = self._read()
        if host not in keys:
            return False
        del keys[host]
        self._write(keys)
        return True

    def _mode(self) -> int:
        if os.name == "nt":  # its permissions are not in these bits; the user's own folder is private there
            return 0
        with contextlib.suppress(OSError):
            return stat.S_IMODE(self.file.stat().st_mode)
        return 0

    def _backend(self) -> Any:
        """The keyring's backend where one works, else None."""
        if self._ring is not None:
            return self._ring
        try:
            import keyring

            backend: Any = keyring.get_keyring()
            # 0 and below: keyring's own words for "fails always" and "forgets everything"; 0.5: text on the disk
            return backend if float(backend.priority) >= 1 else None
        except Exception:  # noqa: BLE001 - foreign backends raise what their desktop does; the file is there
            return None

    def _from_ring(self, host: str) -> str:
        backend = self._backend()
        if backend is None:
            return ""
        try:
            return str(backend.get_password(_SERVICE, host) or "")
        except Exception:  # noqa: BLE001 - foreign backends: locked, refused, no session; the file is there
            return ""

    def _into_ring(self, host: str, secret: str) -> bool:
        backend = self._backend()
        if backend is None:
            return False
        try:
            backend.set_password(_SERVICE, host, secret)
        except Exception:  # noqa: BLE001 - foreign backends: locked, refused, no session; the file is there
            return False
        return self._from_ring(host) == secret  # some say yes and keep nothing

    def _forget_in_ring(self, host: str) -> bool:
        if not self._from_ring(host):
            return False
        try:
            self._backend().delete_password(_SERVICE, host)
        except Exception:  # noqa: BLE001 - foreign backends; what is left is told by the next `keys list`
            return False
        return True


def _key_file(environ: Mapping[str, str]) -> Path:
    if environ.get("GREENROOM_KEYS"):
        return Path(environ["GREENROOM_KEYS"])
    from platformdirs import user_config_dir

    return Path(user_config_dir("greenroom", appauthor=False)) / "keys.toml"


def _clean(secret: str, where: str) -> str:
    """A key as a header can carry it."""
    secret = secret.strip()
    if secret and len(secret) <= _LONGEST and all("!" <= letter <= "~" for letter in secret):
        return secret
    what = "is empty" if not secret else "is no key: a key is one word of plain letters, digits and signs"
    raise InputError(
        what, hint="Copy it again from the provider's page, the whole of it and nothing else.", where=where
    )


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
