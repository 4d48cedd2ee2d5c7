"""All hundred data sets."""

from __future__ import annotations

from testsets import comparison, edge, performance, standard
from testsets.dataset import DataSet
from testsets.schema import CATEGORIES

PARTS = (standard, edge, performance, comparison)


def data_sets(category: str | None = None) -> list[DataSet]:
    """The data sets of a category, or all.

    Raises:
        ValueError: there is no such category.
    """
    if category is not None and category not in CATEGORIES:
        raise ValueError(f"{category} is no category; there are {', '.join(CATEGORIES)}")
    found = [item for part in PARTS for item in part.data_sets()]
    return [item for item in found if category in {None, item.category}]
