"""Where Wholechild keeps what it keeps on this machine."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Final

#: The root of a checkout, if this package is running from one.
_CHECKOUT: Final = Path(__file__).resolve().parents[3]


def home() -> Path:
    """The folder of ours: `WHOLECHILD_HOME`, else `.wholechild` in the checkout, else in the user's data folder."""
    named = os.environ.get("WHOLECHILD_HOME")
    if named:
        return Path(named).expanduser().absolute()
    if (_CHECKOUT / "pyproject.toml").is_file() and (_CHECKOUT / "src" / "wholechild").is_dir():
        return _CHECKOUT / ".wholechild"
    data = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(data) / "wholechild"


def short_name(path: Path) -> str:
    """Twelve digits that stand for a folder, where its whole path would be too long."""
    return hashlib.sha256(str(path).encode()).hexdigest()[:12]


def secret_key(folder: Path) -> str:
    """The key that signs sessions: `WHOLECHILD_SECRET_KEY`, else one made once and kept where only its owner reads it."""
    named = os.environ.get("WHOLECHILD_SECRET_KEY")
    if named:
        return named
    kept = folder / "secret-key"
    if not kept.exists():
        write_secret(kept, os.urandom(48).hex())
    return kept.read_text().strip()


def write_secret(path: Path, text: str) -> None:
    """Create the file with mode 0600, whole or not at all; whoever comes second keeps what the first wrote."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as stream:
        stream.write(text)
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
