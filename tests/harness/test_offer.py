from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.errors import UsageFault
from harness.offer import offered_sizes

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("text", "sizes"),
    [
        ("services:\n  cores-1:\n  cores-16: # many\n  cores-2 :\n", (1, 2, 16)),
        ("x-lab:\n  cores-9:\nservices:\n  cores-1:\n    cores-8:\n  web:\nvolumes:\n  cores-7:\n", (1,)),
        ("# note\nservices: # these\n\n# more\n  # cores-3:\n  cores-4:\r\n", (4,)),
        ("services:\n  cores-0:\n  cores-x:\n  cores-02:\n  cores-2:\n", (2,)),
    ],
)
def test_the_sizes_are_the_services_and_nothing_that_looks_like_them(
    tmp_path: Path, text: str, sizes: tuple[int, ...]
) -> None:
    (tmp_path / "compose.yaml").write_text(text, newline="")
    assert offered_sizes(tmp_path) == sizes


def test_without_a_size_there_is_a_line_that_says_where_sizes_come_from(tmp_path: Path) -> None:
    with pytest.raises(UsageFault, match=r"compose\.yaml cannot be read"):
        offered_sizes(tmp_path)
    (tmp_path / "compose.yaml").write_text("services:\n  web:\n")
    with pytest.raises(UsageFault, match="has no service cores-1"):
        offered_sizes(tmp_path)
