"""The schema files of docs/reference/schemas, as the code gives them.

``python -m tests.support.schema_files`` writes them.
"""

import json
from pathlib import Path
from typing import Final

from supplychain.report.schemas import schemas

FOLDER: Final = Path(__file__).parents[2] / "docs/reference/schemas"


def contents() -> dict[str, str]:
    """Name of each file to what it must hold."""
    return {name: json.dumps(schema, indent=2) + "\n" for name, schema in schemas().items()}


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for file_name, text in contents().items():
        (FOLDER / file_name).write_text(text, encoding="utf-8")
