"""Figures: medians, aims, tables, the document and the pictures."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from PIL import Image

from bench import report
from bench.books import write_books
from bench.figures import Figure, Plot, Row, Series, aimed, distribution, exactly, limited, quantile, spread
from bench.plots import HEIGHT, WIDTH, draw
from bench.report import BEGIN, END, Results, merged, number, shown, text_table, write_document, write_json
from posd.journal.verify import verify
from posd.journal.writer import connect

FIGURE = Figure(3, "Beep", (aimed("beep", exactly(2), "ms", "bare", exactly(1), 1.5), Row("x", exactly(7), "s")))


def test_quartiles_are_values_that_were_measured() -> None:
    """No quartile lies between two measurements; the median may."""
    found = spread([4, 1, 3, 2])
    assert (2.5, 1, 3, 4) == (found.median, found.low, found.high, found.count)
    assert 95 == quantile(list(range(1, 101)), 0.95)
    with pytest.raises(ValueError, match="nothing"):
        spread([])


def test_an_aim_is_reached_or_missed() -> None:
    """The median decides; a row without an aim is neither."""
    assert [False, None] == [row.reached for row in FIGURE.rows]
    assert limited("n", exactly(1), "queries", 1).reached
    assert not limited("n", exactly(2), "queries", 1).reached
    assert "MISSED" in text_table(FIGURE)


def test_numbers_are_readable() -> None:
    """Three digits that mean something, no exponent, the spread only where there is one."""
    assert ["0", "0.0123", "5.68", "1,234,567"] == [number(value) for value in (0, 0.01234, 5.678, 1_234_567.4)]
    assert "2 ms" == shown(exactly(2), "ms")
    assert "2 ms (1 … 3)" == shown(spread([1, 2, 3]), "ms")


def test_an_earlier_run_is_kept_where_it_was_not_measured_again(tmp_path: Path) -> None:
    """Measuring one figure again leaves the others as they were."""
    path = tmp_path / "results.json"
    write_json(path, Results("here", (FIGURE, msgspec.structs.replace(FIGURE, number=5))))
    found = merged(path, [msgspec.structs.replace(FIGURE, title="again")])
    assert [(3, "again"), (5, "Beep")] == [(figure.number, figure.title) for figure in found.figures]


def test_the_document_keeps_its_words(tmp_path: Path) -> None:
    """Only what stands between the marks is replaced, twice over as well; a document without marks is refused."""
    path = tmp_path / "performance.md"
    path.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n", "utf-8")
    write_document(path, Results("here", (FIGURE,)), "images")
    once = path.read_text("utf-8")
    write_document(path, Results("here", (FIGURE,)), "images")
    assert once == path.read_text("utf-8")
    assert once.startswith("before\n")
    assert once.endswith("after\n")
    assert "old" not in once
    assert "**missed**" in once
    path.write_text("nothing", "utf-8")
    with pytest.raises(ValueError, match="lacks"):
        write_document(path, Results("here", ()), "images")
    assert "nothing" == path.read_text("utf-8")


@pytest.mark.parametrize("labels", [(), ("posd, 15 s", "another one")])
def test_a_plot_is_a_picture(tmp_path: Path, labels: tuple[str, ...]) -> None:
    """Curves and bars come out as PNG files that are not empty paper."""
    series = (Series("a", (1.0, 10.0), (1.0, 2.0)), Series("b", (1.0, 10.0), (3.0, 0.5)))
    path = draw(Plot("x", "title", "x", "y", series, labels=labels, log_x=not labels), tmp_path)
    with Image.open(path) as picture:
        assert (WIDTH, HEIGHT) == picture.size
        assert len(picture.convert("RGB").getcolors(1 << 24) or []) > 10


def test_a_distribution_is_thinned_and_ends_at_one() -> None:
    """However many values there are, the curve has few points and reaches everybody."""
    curve = distribution("x", list(range(10_000)), points=50)
    assert 51 == len(curve.x)
    assert 1.0 == curve.y[-1]
    assert 9_999 == curve.x[-1]


def test_made_up_books_are_a_journal(tmp_path: Path) -> None:
    """What is measured is a journal that verifies, with every payment in it."""
    write_books(tmp_path / "journal.db", 120)
    db = connect(tmp_path / "journal.db", read_only=True)
    count, faults = verify(db)
    assert ([], 120) == (faults, db.execute("SELECT count(*) FROM payments WHERE status = 'paid'").fetchone()[0])
    assert count > 120 * 3
    db.close()


def test_the_machine_is_named() -> None:
    """Figures without what they were measured on mean nothing."""
    assert "cores" in report.machine()
