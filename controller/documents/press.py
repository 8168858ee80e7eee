"""Sets sheets with typst: as PDF on A4, as a strip of dots for thermal printers and pictures.

Text comes in as data and is never read as markup; no package and no font from outside is used, so
the same sheet gives the same file on every machine. Knows no database and no paper.
"""

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import segno
import typst

from controller.documents.sheets import Sheet

HERE = Path(__file__).parent
TEMPLATES = ("parts", "sheet", "strip")
# Any mask is a valid code; trying all eight for the prettiest takes four times as long.
CODE_MASK = 3
CODE_BORDER = 4  # modules of quiet zone, as the standard has it
STRIP_DOTS = 576  # what an 80 mm printer can print on: 72 mm of 8 dots each
DOTS_PER_INCH = 203.2
MODULE_DOTS = 6  # a module of a code, 0.75 mm
PICTURE_SCALE = 2
STRIP_MARGIN_DOTS = 6  # letters may reach a little beyond their line
PICTURE_DOTS = 624
PICTURE_MARGIN_DOTS = 30
SHEETS_MAX = 500  # papers of one PDF


class Press:
    """A typst with our fonts and templates, kept warm. One a process and thread."""

    def __init__(self) -> None:
        fonts = typst.Fonts(
            include_system_fonts=False,
            include_embedded_fonts=False,
            font_paths=[str(HERE / "fonts")],
        )
        self._compiler = typst.Compiler(font_paths=fonts, ignore_system_fonts=True)
        self._templates = {
            f"{name}.typ": (HERE / f"templates/{name}.typ").read_bytes() for name in TEMPLATES
        }

    def pdf(self, sheets: Sequence[Sheet], made_unix_s: int) -> bytes:
        """One PDF of up to SHEETS_MAX papers, each beginning a page."""
        assert 0 < len(sheets) <= SHEETS_MAX, "more papers than one file may hold"
        return bytes(self._set("sheet", sheets, "pdf", timestamp=made_unix_s))

    def pages(self, sheet: Sheet, ppi: int = 80) -> list[bytes]:
        """The paper's pages as PNG, to look at."""
        found = self._set("sheet", [sheet], "png", ppi=ppi)
        return found if isinstance(found, list) else [found]

    def strip(self, sheet: Sheet) -> bytes:
        """A PNG of STRIP_DOTS dots across, with the grey edges of its letters."""
        options = {
            "width_dots": STRIP_DOTS,
            "margin_dots": STRIP_MARGIN_DOTS,
            "module_dots": MODULE_DOTS,
        }
        return bytes(self._set("strip", [sheet], "png", options, ppi=DOTS_PER_INCH))

    def picture(self, sheet: Sheet) -> bytes:
        """A PNG to send to a phone (MG-10c): the strip, finer and with a margin."""
        options = {
            "width_dots": PICTURE_DOTS,
            "margin_dots": PICTURE_MARGIN_DOTS,
            "module_dots": MODULE_DOTS,
        }
        ppi = DOTS_PER_INCH * PICTURE_SCALE
        return bytes(self._set("strip", [sheet], "png", options, ppi=ppi))

    def _set(
        self,
        template: str,
        sheets: Sequence[Sheet],
        form: Any,
        options: dict[str, int] | None = None,
        **how: Any,
    ) -> Any:
        data = {
            "title": f"{sheets[0]['title']} {sheets[0]['number']}",
            "author": sheets[0]["issuer"],
            "sheets": [_with_modules(sheet) for sheet in sheets],
            **(options or {}),
        }
        files = {
            **self._templates,
            "main.typ": f'#include "{template}.typ"'.encode(),
            "data.json": json.dumps(data, ensure_ascii=False).encode(),
        }
        return self._compiler.compile(input=files, format=form, sys_inputs=None, **how)


@cache
def press() -> Press:
    """This process's press."""
    return Press()


def _with_modules(sheet: Sheet) -> dict[str, Any]:
    codes = [{**code, **modules(code["text"])} for code in sheet["codes"]]
    return {**sheet, "codes": codes}


def modules(text: str) -> dict[str, Any]:
    """A square code of `text`: its width with the quiet zone, and its modules, 0 for dark."""
    code = segno.make(text, error="m", boost_error=False, micro=False, mask=CODE_MASK)
    rows = list(code.matrix_iter(border=CODE_BORDER))
    return {"size": len(rows), "modules": [0 if dark else 255 for row in rows for dark in row]}
