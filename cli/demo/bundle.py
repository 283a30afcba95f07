"""The demo's bundle of proof: it stays when the demo is over, with the root of the sandbox's authority beside it."""

import shutil
from pathlib import Path
from tempfile import mkdtemp

from archive.bundle.bundle import Maker
from archive.choice import choose
from cli.demo.plan import BATCH
from cli.demo.stack import Stack
from cli.language import language, translated
from config.settings import Archive
from producers.producer import Producer

ANCHOR = "sandbox-ca.pem"


def make_bundle(producer: Producer, where: Stack) -> Path:
    """Write the proof of all messages into a new folder, and return it."""
    folder = Path(mkdtemp(prefix="pec-demo-proof-"))
    rules = Archive(url=where.settings["PEC_ARCHIVE__URL"], anchors=where.settings["PEC_ARCHIVE__ANCHORS"])
    maker = Maker.of(producer.store, rules, translated, language())
    maker.write(folder, choose(producer.store, (), BATCH, ()), lambda: None)
    shutil.copyfile(rules.anchors, folder / ANCHOR)
    return folder
