"""The table of docs/formats.md: what every kind of file keeps of every kind."""

import pytest
from tools import kept_metadata

from support.exiftool import needs_exiftool

pytestmark = [pytest.mark.slow, needs_exiftool]


def test_the_table_is_up_to_date_and_each_loss_has_a_warning():
    written = kept_metadata.PAGE.read_text(encoding="utf-8")
    assert kept_metadata.page() == written, "run python -m tools.kept_metadata"
