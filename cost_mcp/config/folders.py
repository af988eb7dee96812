"""Where the platform keeps a program's settings and data, and how a file there is replaced."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from cost_mcp.errors import ConfigError

APP = "cost-mcp"


def config_folder() -> Path:
    """The platform's folder for this program's settings; it may not exist."""
    import platformdirs  # 10 ms: not for processes that are told every path

    return platformdirs.user_config_path(APP, appauthor=False)


def data_folder() -> Path:
    """The platform's folder for this program's data: ledger, fetched price book, trusted projects; it may not exist."""
    import platformdirs

    return platformdirs.user_data_path(APP, appauthor=False)


def replace_file(path: Path, content: bytes) -> None:
    """Put ``content`` at ``path`` in one step, readable by its owner only; a reader sees the old file or the new one.

    Raises:
        ConfigError: the folder or the file cannot be written.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        beside.unlink(missing_ok=True)
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        with suppress(OSError):  # what went wrong first is told
            beside.unlink(missing_ok=True)
        raise ConfigError(
            f"{path} cannot be written ({error.strerror}).",
            field="file",
            hint="Check the folder's rights and the disk's space.",
        ) from error
