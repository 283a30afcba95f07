"""`pec verify`: whether receipts are what their providers signed. It needs neither Redis nor the network."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import click

from archive import manifest, signatures, trust
from archive.bundle.unpacking import NotAZip, unpacked
from archive.chain import Profile
from archive.judged import Judged, as_dict
from archive.sent import Match, compare
from archive.signatures import Verdict
from cli import output, verdicts
from cli.bar import progress_bar
from cli.errors import Exit, Failure
from config.foreign_words import system_words
from config.settings import load_settings
from config.texts import _, joined, ngettext

SUFFIX = ".eml"
RECEIPTS_OF_BUNDLE = "receipts/*"
_PLACE = click.Path(exists=True, path_type=Path)


@click.command()
@click.argument("places", metavar="FILE|FOLDER|ZIP...", nargs=-1, required=True, type=_PLACE)
@click.option(
    "--sent",
    metavar="FILE",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file that was sent: is it inside the receipts? Can be given several times.",
)
@click.option(
    "--anchors",
    metavar="PATH",
    type=_PLACE,
    help="PEM file, or folder of them, with authorities besides AgID's. Default: PEC_ARCHIVE__ANCHORS.",
)
@output.as_json
def verify(places: tuple[Path, ...], sent: tuple[Path, ...], anchors: Path | None, as_json: bool) -> None:
    """Check receipts (.eml files) against the signatures of their PEC providers.

    \b
    pec verify consegna.eml
    pec verify consegna.eml --sent fattura.pdf
    pec verify archive/november
    pec verify november.zip
    pec verify archive/november --json | jq -r 'select(.verified_receipt | not) | .file'

    verified: nothing was changed since a provider under AgID signed it. intact: nothing was changed, but the
    signer is not known to be a provider. altered: it was changed, or its signature is damaged. unsigned: there
    is no signature.

    Of a folder, all .eml files in it and below are checked. Of a bundle (`pec proof`), also as a ZIP file, the
    receipts are, and whether each file is as SHA256SUMS lists it. The exit code is 0 only if every file is a
    verified receipt and holds each file of --sent that it could hold; otherwise 6. Neither Redis nor the network
    is used: whether a certificate was revoked is not checked.
    """
    contents = {file: _read(file) for file in sent}
    profiles = trust.profiles(anchors or _anchors_of_settings())
    with ExitStack() as stack:
        opened = [(place, stack.enter_context(_unpacked(place))) for place in places]
        _verify(opened, contents, profiles, as_json=as_json)


def _verify(
    opened: Sequence[tuple[Path, Path]],
    contents: Mapping[Path, bytes],
    profiles: Sequence[Profile],
    *,
    as_json: bool,
) -> None:
    """Judge places: pairs of a name and the folder or file that it stands for."""
    files = [one for name, place in opened for one in _files(name, place)]
    done = _Done([fault for name, place in opened for fault in _faults_of(name, place)])
    hidden = len(files) < 2 or (as_json and output.for_a_person())
    with progress_bar(len(files), hidden=hidden, title=_("files")) as step:
        rows = []
        for name, file in files:
            judged = replace(_judge(file, contents, profiles), file=name)
            done.add(judged)
            if as_json:
                output.data(as_dict(judged))
            elif len(files) == 1:
                output.facts(verdicts.facts(judged))
            else:
                rows.append(verdicts.row(judged))
            step()
    if rows:
        output.table(verdicts.COLUMNS, rows)
    if len(files) > 1:
        output.note(done.summary())
    if problems := list(done.problems()):
        raise Failure(joined("\n", problems), Exit.UNVERIFIED)


class _Done:
    """Counts of what was found."""

    def __init__(self, faults_of_bundles: Sequence[str] = ()) -> None:
        self.faults_of_bundles = faults_of_bundles
        self.verdicts: Counter[Verdict] = Counter()
        self.faulty: list[Judged] = []
        self.matches: dict[Path, Counter[Match]] = {}

    def add(self, judged: Judged) -> None:
        self.verdicts[judged.found.verdict] += 1
        if not judged.found.is_verified_receipt:
            self.faulty.append(judged)
        for file, one in judged.sent.items():
            self.matches.setdefault(file, Counter())[one.match] += 1

    def summary(self) -> str:
        counts = [verdicts.count_of(one, self.verdicts[one]) for one in Verdict if self.verdicts[one]]
        count = sum(self.verdicts.values())
        return ngettext("{count} file: {list}", "{count} files: {list}", count).format(
            count=count, list=joined(", ", counts)
        )

    def problems(self) -> Iterator[str]:
        """Yield a sentence for each reason why the exit code is not 0."""
        yield from self.faults_of_bundles
        if self.faulty:
            yield ngettext(
                "{file} is not a verified receipt: {why}",
                "{count} files are not verified receipts: `pec verify FILE` shows everything about one file",
                len(self.faulty),
            ).format(
                count=len(self.faulty),
                file=verdicts.printable(self.faulty[0].file),
                why=self.faulty[0].reason,
            )
        for name, matches in self.matches.items():
            file = verdicts.printable(name)
            if different := matches[Match.DIFFERENT]:
                yield ngettext(
                    "{file} is not inside {count} of the receipts that hold content",
                    "{file} is not inside {count} of the receipts that hold content",
                    different,
                ).format(file=file, count=different)
            elif not matches[Match.EQUAL] + matches[Match.EQUAL_DIGEST]:
                yield _(
                    "{file} can't be compared: no receipt holds content; a complete CONSEGNA does"
                ).format(file=file)


@contextmanager
def _unpacked(place: Path) -> Iterator[Path]:
    """Yield the folder that a bundle's ZIP file holds, or the place itself."""
    try:
        with unpacked(place) as folder:
            yield folder
    except NotAZip as error:
        text = _("{file} can't be unpacked ({why}): take it from another copy")
        raise Failure(text.format(file=place, why=str(error)), Exit.USAGE) from None


def _files(name: Path, place: Path) -> Iterator[tuple[Path, Path]]:
    """Yield the mails of a place: the name of each, and its file."""
    if not place.is_dir():
        yield name, place
        return
    ours = _is_of_ours(place)
    pattern = RECEIPTS_OF_BUNDLE if ours else "*"  # an attachment that is a mail is no receipt
    inside = sorted(one for one in place.rglob(pattern) if one.suffix.lower() == SUFFIX and one.is_file())
    if not inside and not ours:
        raise Failure(
            _("there is no .eml file in {folder}: name the folder of the receipts").format(folder=name),
            Exit.REJECTED,
        )
    yield from ((name / one.relative_to(place), one) for one in inside)


def _is_of_ours(place: Path) -> bool:
    """Return whether it is a bundle, or the folder of one of its messages."""
    return is_bundle(place) or (place / "message.json").is_file()


def is_bundle(place: Path) -> bool:
    """Return whether `pec proof` or `pec export --receipts` made the folder."""
    return (place / manifest.NAME).is_file()


def _faults_of(name: Path, place: Path) -> Iterator[str]:
    """Yield what is wrong with a bundle as a whole; nothing of another place."""
    if is_bundle(place):
        yield from _changed_in(name, place)
    if _is_of_ours(place) and not list(_files(name, place)):
        yield _("there is no signed original in {folder}: the texts of receipts can't be verified").format(
            folder=verdicts.printable(name)
        )


def _changed_in(name: Path, bundle: Path) -> Iterator[str]:
    try:
        for file in manifest.faults(bundle):
            yield _("{file} is missing, or not as {list} has it: take it from another copy").format(
                file=verdicts.printable(name / file), list=manifest.NAME
            )
    except manifest.NotAManifest:
        return  # another program's list
    except OSError as error:
        raise _unreadable(Path(error.filename), error) from None


def _anchors_of_settings() -> Path | None:
    anchors = load_settings().archive.anchors
    return Path(anchors) if anchors else None


def _judge(file: Path, sent: Mapping[Path, bytes], profiles: Sequence[Profile]) -> Judged:
    found = signatures.verify(_read(file), profiles)
    return Judged(file, found, {name: compare(found, content) for name, content in sent.items()})


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise _unreadable(file, error) from None


def _unreadable(file: Path, error: OSError) -> Failure:
    return Failure(
        _("can't read {file} ({why}): make it readable").format(file=file, why=system_words(error)),
        Exit.USAGE,
    )
