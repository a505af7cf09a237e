import io
import zipfile
from datetime import datetime

import pytest
from openpyxl import Workbook, load_workbook

from breakhis_core import reviews
from breakhis_core.errors import InputError
from breakhis_core.flags import listing
from breakhis_core.flags.excel import export_excel, read_excel
from breakhis_core.flags.parsing import read_flags
from breakhis_core.flags.statements import STATEMENT_COLUMNS


@pytest.fixture
def sheet(workspace, fake_run):
    """The sheet that is written for one flag whose note and reviewer look like formulas."""
    row = fake_run.predictions().iloc[0]
    facts = {"run": "fake", "predicted": row["predicted"], "confidence": 0.1 + 0.2}
    reviews.flag(workspace, "=cmd|' /C calc'!A0", row["hash"], "other", "@SUM(1+1)\r\n+1", **facts)
    book = load_workbook(io.BytesIO(export_excel(listing.listed(workspace), {"Note": "=1+1"})))
    return book["Flags"]


def test_no_cell_is_a_formula_and_text_stays_as_it_was_typed(sheet):
    cells = {STATEMENT_COLUMNS[place]: cell for place, cell in enumerate(sheet[2])}
    assert {cell.data_type for row in sheet for cell in row} <= {"s", "n", "d"}
    assert cells["reviewer"].value == "=cmd|' /C calc'!A0"
    assert cells["reviewer"].quotePrefix
    about = sheet.parent["About"]["B1"]
    assert (about.value, about.data_type) == ("=1+1", "s")


def test_cells_have_types_and_the_header_stays_in_sight(sheet):
    cells = {STATEMENT_COLUMNS[place]: cell.value for place, cell in enumerate(sheet[2])}
    assert isinstance(cells["time"], datetime)
    assert isinstance(cells["magnification"], int)
    assert cells["confidence"] == 0.1 + 0.2
    assert sheet.freeze_panes == "B2"
    assert sheet.auto_filter.ref == "A1:AB2"
    assert [cell.value for cell in sheet[1]] == list(STATEMENT_COLUMNS)


def test_a_list_that_somebody_typed_into_excel_is_read():
    book = Workbook()
    book.active.append(["Image", "Reason", "Note", None])
    book.active.append(["a.png", "Out of focus", 12, None])
    book.active.append([None, None, None, None])
    file = io.BytesIO()
    book.save(file)
    (row,) = read_flags(file.getvalue(), "list.xlsx").rows
    assert (row["name"], row["reason"], row["note"]) == ("a.png", "out_of_focus", "12")


def test_a_damaged_workbook_and_one_that_explodes_are_refused(sheet):
    with pytest.raises(InputError, match=r"broken.xlsx: this is not an Excel workbook"):
        read_excel(b"PK\3\4 nothing", "broken.xlsx")
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("[Content_Types].xml", "<a/>")
        with bomb.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as member:
            for _ in range(300):
                member.write(b" " * 2**20)
    with pytest.raises(InputError, match="unpacks to more than any list"):
        read_flags(file.getvalue(), "bomb.xlsx")
