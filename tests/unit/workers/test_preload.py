"""Worker processes share modules: their master imports them first, and can be forked afterwards."""

import json
import subprocess
import sys

STATE = """
import gc, sys, threading
from pathlib import Path
from config.settings import load_settings
from workers.preload import preload

preload(load_settings())
files = [file.readlink() for file in Path("/proc/self/fd").iterdir() if file.is_symlink()]
sockets = [file for file in files if str(file).startswith("socket:")]
print("workers.tasks.send" in sys.modules, gc.get_freeze_count() > 10_000, threading.active_count(), len(sockets))
"""
LIBRARIES = """
import json, sys
from config.settings import load_settings
from workers.preload import import_all, needed

import_all(needed(load_settings()))
print(json.dumps(sorted({"cryptography.x509", "asn1crypto", "imapclient", "obstore"} & set(sys.modules))))
"""
IMAP = {
    "PEC_ARCHIVE__URL": "/nowhere",
    "PEC_ACCOUNTS__A__SENDER": "a@pec.example",
    "PEC_ACCOUNTS__A__USERNAME": "a@pec.example",
    "PEC_ACCOUNTS__A__PASSWORD": "secret",
    "PEC_ACCOUNTS__A__TOKEN": "token",
    "PEC_ACCOUNTS__A__IMAP__HOST": "imap.example",
}


def test_the_master_imports_the_tasks_without_a_thread_or_a_connection() -> None:
    assert shown(STATE).split() == ["True", "True", "1", "0"]


def test_workers_share_what_the_master_imports_also_where_python_would_not_fork_them() -> None:
    defaults_of_314 = "import multiprocessing; multiprocessing.set_start_method('forkserver')"

    assert shown(defaults_of_314 + STATE).split() == ["True", "True", "1", "0"]


def test_a_worker_that_reads_no_mailbox_by_imap_spares_the_libraries_for_that() -> None:
    assert json.loads(shown(LIBRARIES)) == []


def test_a_worker_that_reads_a_mailbox_by_imap_imports_the_libraries_at_its_start() -> None:
    assert json.loads(shown(LIBRARIES, **IMAP)) == ["asn1crypto", "cryptography.x509", "imapclient"]


def shown(code: str, **environment: str) -> str:
    command = [sys.executable, "-c", code]
    return subprocess.run(
        command,
        env={"PATH": "", **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
