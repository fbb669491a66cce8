"""The reference in the documentation is what the program reads, and its example is one the program takes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from posd.config import load
from posd.config.reference import reference, with_reference

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "configuration.md"


def test_the_reference_is_true() -> None:
    """Every key, type, default and meaning; made anew by ``python -m posd.config.reference docs/configuration.md``."""
    text = DOCUMENT.read_text("utf-8")
    assert text == with_reference(text)


@pytest.mark.parametrize(
    "row",
    [
        "| `window` | number, from 2 to 600 | `15.0` | seconds from submit until posd stops hoping and voids |",
        "| `token_file` | path of a secret | – | bearer token of the TCP listener; required with listen |",
        "| `gateway` | text | required | the gateway where no route says otherwise |",
        "| `paper` | `58`, `80` | `58` | mm: 58 (32 columns) or 80 (48 columns) |",
    ],
)
def test_a_row_says_what_one_needs(row: str) -> None:
    """Key, type with limits, default, meaning."""
    assert row in reference()


def test_every_key_has_a_meaning() -> None:
    """None is left to be guessed."""
    rows = [line for line in reference().splitlines() if line.startswith("| `")]
    assert 60 < len(rows)
    assert [] == [row for row in rows if row.endswith("|  |")]


def test_a_document_without_marks_is_refused() -> None:
    """Rather than rewritten at random."""
    with pytest.raises(ValueError, match="there is no"):
        with_reference("# Configuration")


def test_the_example_is_good(tmp_path: Path) -> None:
    """The first one of the document, whole."""
    key = tmp_path / "main.key"
    key.touch(mode=0o600)
    key.write_text("secret")
    found = re.search(r"```toml\n(.*?)```", DOCUMENT.read_text("utf-8"), re.DOTALL)
    assert found is not None
    path = tmp_path / "posd.toml"
    path.write_text(found[1].replace("/etc/posd/main.key", str(key)), "utf-8")
    assert "0101" == load(path).terminal.id
