"""A bundle of proof: the folder of each message, judged, and an index of all.

    DIR/<id>/…                            what `pec export --receipts` writes
    DIR/<id>/receipts/…-daticert.xml      the certified facts of a receipt, as they were signed
    DIR/<id>/chain/*.pem                  the certificates from the signers to the root
    DIR/<id>/verification.json            the verdicts, and which sent files are inside
    DIR/<id>/proof.html                   the same to read and to print
    DIR/index.csv, index.json             a row for each document
    DIR/SHA256SUMS                        for `sha256sum -c`

Nothing that a bundle holds is marked as exported: retention asks for `pec export`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Self

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from archive import folder as folders
from archive.atomic_files import make_folder
from archive.bundle import index as indexes
from archive.bundle.evidence import Evidence, judge, lacking
from archive.bundle.page import Say, page
from archive.case_files import gather, json_line
from archive.chain import Profile
from archive.choice import Choice
from archive.trust import profiles
from archive.vault import Vault
from archive.vault.installation import open_vault
from config.settings import Archive
from pec.instants import from_epoch, to_text
from pec.receipts import Kind
from pec.store.store import Store

PAGE, VERIFICATION = "proof.html", "verification.json"


@dataclass(slots=True)
class Bundled:
    """The outcome. `lacking`: messages without all originals; `incomplete`: those with bytes missing."""

    messages: int = 0
    files: int = 0
    incomplete: list[str] = field(default_factory=list)
    lacking: list[tuple[str, tuple[Kind, ...]]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Maker:
    """The means to make bundles: `say` translates what people read into `language`."""

    store: Store
    vault: Vault | None
    profiles: Sequence[Profile]
    say: Say
    language: str

    @classmethod
    def of(cls, store: Store, rules: Archive, say: Say, language: str) -> Self:
        """Return one with the archive and the anchors of these settings. Raise AnchorsError."""
        anchors = Path(rules.anchors) if rules.anchors else None
        return cls(store, open_vault(rules, store), profiles(anchors), say, language)

    def write(self, place: Path, choice: Choice, step: Callable[[], object]) -> Bundled:
        """Write the chosen messages into a folder, and call `step` for each. Raise OSError, NotAManifest, VaultAway."""
        done, now = Bundled(), from_epoch(self.store.now())
        reserved = (indexes.CSV, indexes.JSON)
        with folders.opened(place, self.store, None, self.vault, reserved) as folder:
            with indexes.opened(place) as index:
                for case in gather(self.store, choice.ids()):
                    step()
                    own = folder.add(case)
                    evidence = judge(case, own, self.profiles)
                    self._add(folder, own, evidence, now)
                    index.add(evidence, own.name, own)
                    done.messages += 1
                    if lacks := lacking(case):
                        done.lacking.append((case.message.id, lacks))
            for name in reserved:
                folder.cover(place.resolve() / name)
        done.files, done.incomplete = folder.files, folder.incomplete
        return done

    def _add(self, folder: folders.Folder, own: Path, evidence: Evidence, now: datetime) -> None:
        for judged in evidence.receipts:
            if xml := judged.found.daticert_xml:
                folder.put(own / judged.file.with_name(f"{judged.file.stem}-daticert.xml"), xml)
        certificates = dict.fromkeys(one for judged in evidence.receipts for one in judged.found.chain)
        if certificates:
            chain = make_folder(own / "chain")
            for one in certificates:
                name = f"{one.fingerprint(SHA256()).hex()[:16]}.pem"
                folder.put(chain / name, one.public_bytes(Encoding.PEM))
        stated = evidence.as_dict(version("pecmassiva"), to_text(now))
        folder.put(own / VERIFICATION, json_line(stated))
        folder.put(own / PAGE, page(evidence, now, self.say, self.language))
