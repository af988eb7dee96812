"""Which project files the user has read and trusts: their hashes, kept on the user's side, never in the project."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from cost_mcp.config.folders import data_folder, replace_file
from cost_mcp.config.written import read_bytes
from cost_mcp.errors import ConfigError

CONFIG_NAME = "config.yaml"
PRICES_NAME = "prices.yaml"
_STORE = "trusted.json"


def is_trusted(path: Path, content: bytes) -> bool:
    """Whether the user trusted this file with exactly these contents."""
    return _trusted_hashes().get(_key(path)) == _hash(content)


def trust(folder: Path) -> tuple[Path, ...]:
    """Trust a project's files as they are now; answers which, none when the folder holds neither.

    Raises:
        ConfigError: a file cannot be read, or the list of trusted files not be written.
    """
    files = _files(folder)
    if files:
        hashes = dict(_trusted_hashes())
        hashes.update({_key(path): _hash(read_bytes(path)) for path in files})
        _write(hashes)
    return files


def distrust(folder: Path) -> tuple[Path, ...]:
    """Take a project's trust back; answers the files that had it, changed since or not."""
    hashes = dict(_trusted_hashes())
    had = tuple(path for path in (folder / CONFIG_NAME, folder / PRICES_NAME) if _key(path) in hashes)
    for path in had:
        del hashes[_key(path)]
    if had:
        _write(hashes)
    return had


def _files(folder: Path) -> tuple[Path, ...]:
    return tuple(path for path in (folder / CONFIG_NAME, folder / PRICES_NAME) if path.is_file())


def _key(path: Path) -> str:
    return str(path.resolve())


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _write(hashes: Mapping[str, str]) -> None:
    replace_file(data_folder() / _STORE, json.dumps(dict(sorted(hashes.items())), indent=1).encode())


def _trusted_hashes() -> Mapping[str, str]:
    store = data_folder() / _STORE
    if not store.exists():
        return {}
    try:
        read: object = json.loads(read_bytes(store))
    except ValueError:
        read = None
    if not isinstance(read, dict):
        raise ConfigError(
            f"{store} is damaged.", field="trust", hint="Delete it and run `cost-mcp trust` in your projects again."
        )
    return {key: value for key, value in cast("dict[str, object]", read).items() if isinstance(value, str)}
