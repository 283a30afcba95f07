"""The demo's bundle of proof: it stays when the demo is over, with the root of the sandbox's authority beside it."""

import shutil
from pathlib import Path
from tempfile import mkdtemp

from archive.bundle.bundle import Maker
from archive.choice import choose
from archive.trust import profiles
from archive.vault.installation import open_vault
from cli.demo.plan import BATCH
from cli.demo.stack import Stack
from cli.language import language, translated
from config.settings import Archive
from producers.producer import Producer

ANCHOR = "sandbox-ca.pem"


def make_bundle(producer: Producer, where: Stack) -> Path:
    """Write the proof of all messages into a new folder, and return it."""
    folder = Path(mkdtemp(prefix="pec-demo-proof-"))
    anchor = Path(where.settings["PEC_ARCHIVE__ANCHORS"])
    rules = Archive(url=where.settings["PEC_ARCHIVE__URL"])
    store = producer.store
    maker = Maker(store, open_vault(rules, store), profiles(anchor), translated, language())
    maker.write(folder, choose(store, (), BATCH, ()), lambda: None)
    shutil.copyfile(anchor, folder / ANCHOR)
    return folder
