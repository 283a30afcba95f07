"""Write down how LibreOffice shows numbers under number formats in Italian, for a test to compare.

Run it as `python -m tests.oracles.number_formats`, with Debian's `libreoffice-calc` installed.
"""

import csv
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import quoteattr
from zipfile import ZipFile

TABLE = Path(__file__).parents[1] / "unit/producers/campaign/number_format/libreoffice.csv"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_ITALIAN, _UTF8, _TAB = "1040", "76", "9"
_PROFILE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Setup/L10N">
<prop oor:name="ooSetupSystemLocale" oor:op="fuse"><value>it-IT</value></prop></item>
</oor:items>"""

AMOUNTS = (
    "0",
    "15.06",
    "1234.56",
    "-1234.5",
    "0.125",
    "1.005",
    "2.5",
    "-0.5",
    "-0.001",
    "999999.995",
    "1234567890.12",
)
SMALL = ("0", "0.3125", "0.5", "1.5", "-2.75", "3.14159265", "12.99", "0.001", "0.3", "1.3", "-123.456")
POWERS = ("0", "1", "12345", "0.00012345", "-987654321", "9.9999", "999.96")
DAYS = ("61", "36526", "46349", "46349.3958333333", "46349.5", "45291.999", "45351.0416666667")
SPANS = ("0", "0.5", "1.25", "30.0006944444", "0.000717592592592593")
CONDITIONED = ("0", "5", "-5", "100", "999", "1000", "2500000", "-2500")

FORMATS: tuple[tuple[Sequence[str], Sequence[str]], ...] = (
    (
        AMOUNTS,
        (
            *("0", "0.0#", "0.##", "#,##0.##", "#.00", "#.##", "0.00", "#,##0", "#,##0.00", "#,##0.0##"),
            *("0.##%", "0%", "0.00%", "0.0#%", "00000", "#", "0.000", "0,000.00", "#,###", "#,###.00"),
            *("0,", "#,##0,", '0.0,,"M"', "#,##0.00,", "0.00,,", "0.0?", "?0.0?", "???0", "0.???"),
            *(
                "#,##0_);(#,##0)",
                "#,##0.00_);[Red](#,##0.00)",
                "#,##0.00;[Red]-#,##0.00",
                '0.00;-0.00;"zero"',
            ),
            *('#,##0.00\\ "€"', '#,##0.00\\ "€";[Red]-#,##0.00\\ "€"', "[$€-410]\\ #,##0.00", "#,##0.00 €"),
            *("[$€-2]\\ #,##0.00", "[$EUR]\\ #,##0.00", "[$£-809]#,##0.00", "[$$-409]#,##0.00", '"€ "0.00'),
            *('_-* #,##0.00\\ "€"_-;-* #,##0.00\\ "€"_-;_-* "-"??\\ "€"_-;_-@_-', '"Tot. "0.00" euro"'),
            *("[Blue]0.00", "[Color 12]0.0", '0.00;"meno "0.00', "0;;", '0;-0;"nulla"', "0.00;0.00;0.00;@"),
            *("000\\-00\\-0000", "00\\.00", '0" kg"', '0.0" kg";;"-"', "+0;-0;0", "(0.00)", "$0.00", "-0"),
            *(
                "0000000000",
                "#,##0.00\\ _€;-#,##0.00\\ _€",
                "General",
                'General" kg"',
                "@",
                '"si";"no";"mai"',
            ),
            *("#,##0.00000", "0.0000000", "#0.0#", "##,##0.0", "0#", "0#.##", ".00", ".##", ".0#", "#,#"),
            *(
                "# ##0.00",
                "#\\ ###\\ ##0",
                "#'##0.00",
                "0.0 %",
                "% 0.0",
                '0"."00',
                "0.00-",
                "+0.0",
                "-0.00;+0.00",
            ),
            *(
                "0 pz",
                "0.00 zł",
                "k 0",
                '"testo"',
                "0.0#0",
                "?,??0.0?",
                "0.00E+00;-0.00E+00",
                ";;;",
                "0.00;;",
            ),
        ),
    ),
    (
        SMALL,
        (
            *("# ?/?", "# ??/??", "# ???/???", "?/?", "??/??", "# ?/2", "# ?/4", "# ??/16", "# ?/8"),
            *(
                "0 0/0",
                "0\\ ?/?",
                "# ?/10",
                "# ??/100",
                '# ?/?" pollici"',
                "0/0",
                "#\\ ?/?;-#\\ ?/?",
                "# 00/00",
            ),
            *("00/00", "# ?? / ??", "??/???"),
        ),
    ),
    (
        POWERS,
        (
            *("0.00E+00", "0.0E+0", "0E+0", "##0.0E+0", "0.##E+00", "0.00E-00", "00.0E+0", "#.##E+0"),
            *("###0.00E+00", '0.00E+00" m"', "0.000E+00", "0.0E+000"),
        ),
    ),
    (
        DAYS,
        (
            *("dd/mm/yyyy", "d/m/yy", "dd/mm/yy", "yyyy-mm-dd", "dd\\-mm\\-yyyy", "dd.mm.yyyy", "mm/yyyy"),
            *("d mmmm yyyy", "dddd d mmmm yyyy", "ddd dd mmm yy", "mmmm", "mmm", "dddd", "ddd", "yyyy", "yy"),
            *('d" "mmmm" "yyyy', "[$-410]d mmmm yyyy;@", "[$-409]d mmmm yyyy", "[$-407]dddd, d. mmmm yyyy"),
            *("[$-40C]dddd d mmmm yyyy", "[$-809]dd mmmm yyyy", "dd/mm/yyyy hh:mm", "dd/mm/yyyy h:mm:ss"),
            *(
                "h:mm",
                "hh:mm",
                "hh:mm:ss",
                "h:mm:ss",
                "yyyymmdd",
                "d-mmm-yy",
                "d-mmm",
                "mmm-yy",
                "m/d/yy h:mm",
            ),
            *(
                "dd/mm/yyyy;@",
                "yyyy\\-mm\\-dd\\ hh:mm:ss",
                '"il "d" "mmmm" alle "h"."mm',
                "h\\.mm",
                "hhmm",
                "m",
            ),
            *(
                "mm",
                "d",
                "dd",
                "mm:ss",
                "s",
                "ss",
                "hh",
                "h",
                "[$-410]mmmm\\ yyyy",
                '"Roma, "d\\ mmmm\\ yyyy',
            ),
            *("mmmmm", "[Red]dd/mm/yyyy", "yyyy-mm-ddThh:mm:ss", "dd/mm/yyyy hh.mm", "h:mm AM/PM", "h A/P"),
        ),
    ),
    (
        SPANS,
        (
            *("[h]:mm", "[hh]:mm", "[h]:mm:ss", "[m]", "[mm]:ss", "[s]", "mm:ss.0", "hh:mm:ss.000", "[ss]"),
            *('[h]" ore "mm" minuti"', "h:mm:ss", "ss.00", "[h]", "[s].00"),
        ),
    ),
    (
        CONDITIONED,
        (
            *('[>=1000]0.0,"K";0', '[>=1000000]0.0,,"M";[>=1000]0.0,"K";0', "[<100]0.00;0", "[=0]0.00;0"),
            *('[<0]"neg "0;0', '[<=100]"poco";"molto"', '[>=0]0;"sotto "0', '[=5]"cinque";0', '[<>0]0.0;"-"'),
            *("[Red][<0]0.00;[Blue][>=0]0.00", '[>100]"A "0;[<-100]"B "0;"C "0', "[<1000]000;#,##0"),
        ),
    ),
)


def main() -> None:
    pairs = [(value, code) for values, codes in FORMATS for code in codes for value in values]
    with TABLE.open("w", newline="") as file:
        writer = csv.writer(file, delimiter=";", lineterminator="\n")
        writer.writerow(["value", "format", "shown"])
        writer.writerows((*pair, text) for pair, text in zip(pairs, _shown(pairs), strict=True))


def _shown(pairs: Sequence[tuple[str, str]]) -> list[str]:
    """Return the text of each value under its format."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _write_workbook(folder / "table.xlsx", pairs)
        (folder / "profile/user").mkdir(parents=True)
        (folder / "profile/user/registrymodifications.xcu").write_text(_PROFILE)
        options = f"csv:Text - txt - csv (StarCalc):{_TAB},34,{_UTF8},1,,{_ITALIAN},false,true"
        command = [
            "soffice",
            f"-env:UserInstallation=file://{folder}/profile",
            "--headless",
            "--convert-to",
            options,
        ]
        subprocess.run([*command, "--outdir", name, name + "/table.xlsx"], check=True, timeout=300)
        with (folder / "table.csv").open(newline="", encoding="utf-8") as file:
            return [row[1] if len(row) > 1 else "" for row in csv.reader(file, delimiter="\t")]


def _write_workbook(path: Path, pairs: Sequence[tuple[str, str]]) -> None:
    """Write each format as a custom one, so that none is taken for one that has a number."""
    codes = list(dict.fromkeys(code for _, code in pairs))
    formats = "".join(
        f'<numFmt numFmtId="{200 + n}" formatCode={quoteattr(code)}/>' for n, code in enumerate(codes)
    )
    styles = "".join(f'<xf numFmtId="{200 + n}" applyNumberFormat="1"/>' for n in range(len(codes)))
    rows = "".join(
        f'<row r="{line}"><c r="A{line}"><v>{line}</v></c>'
        f'<c r="B{line}" s="{codes.index(code)}"><v>{value}</v></c></row>'
        for line, (value, code) in enumerate(pairs, 1)
    )
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_SHEET_TYPE}.sheet.main+xml"/>'
        f'<Override PartName="/xl/sheet.xml" ContentType="{_SHEET_TYPE}.worksheet+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_SHEET_TYPE}.styles+xml"/></Types>',
        "_rels/.rels": _relations(("officeDocument", "xl/workbook.xml")),
        "xl/_rels/workbook.xml.rels": _relations(("worksheet", "sheet.xml"), ("styles", "styles.xml")),
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
        '<sheet name="Table" sheetId="1" r:id="r0"/></sheets></workbook>',
        "xl/styles.xml": f'<styleSheet xmlns="{_MAIN}"><numFmts count="{len(codes)}">{formats}</numFmts>'
        '<fonts count="1"><font/></fonts><fills count="1"><fill/></fills><borders count="1"><border/></borders>'
        f'<cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="{len(codes)}">{styles}</cellXfs></styleSheet>',
        "xl/sheet.xml": f'<worksheet xmlns="{_MAIN}"><sheetData>{rows}</sheetData></worksheet>',
    }
    with ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


def _relations(*targets: tuple[str, str]) -> str:
    links = "".join(
        f'<Relationship Id="r{n}" Type="{_OFFICE}/{kind}" Target="{target}"/>'
        for n, (kind, target) in enumerate(targets)
    )
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{links}</Relationships>'


if __name__ == "__main__":
    main()
