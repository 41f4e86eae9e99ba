"""An import into a store, as files with other claims of their own have it, too."""

import pytest

from mlip_compose.datasets.importing.importing import ImportOptions, import_data
from mlip_compose.store.reader import Store


@pytest.fixture
def imported(tmp_path):
    """Return a function that imports into a store."""

    def run(source, **options):
        outcome = import_data(source, tmp_path / "out.h5", ImportOptions("data", "x", **options))
        return outcome, Store(outcome.path)

    return run
