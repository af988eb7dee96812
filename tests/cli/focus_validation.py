"""The FinOps Foundation's validator on one file, every rule of FOCUS 1.0 that it has; prints what came of it as JSON.

Its release 1.0.0 asks for five columns by names that the specification of 1.0 does not have (it was written for the preview). Those are
added under these names, with the same contents, so that no rule has to be skipped. It finds its table of currencies only from its
own folder.
"""

from __future__ import annotations

import json
import os
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

RENAMED = {
    "ChargeType": "ChargeCategory",
    "InvoiceIssuer": "InvoiceIssuerName",
    "Provider": "ProviderName",
    "Publisher": "PublisherName",
    "ResourceID": "ResourceId",
}


def main(file: str) -> None:
    """Validate a file."""
    found = find_spec("focus_validator")
    assert found is not None
    assert found.origin is not None
    os.chdir(Path(found.origin).parents[1])
    validator: Any = import_module("focus_validator.validator").Validator(
        data_filename=file, output_destination=None, output_type="console", rules_version="1.0"
    )
    validator.load()
    data: Any = validator.focus_data
    for old, name in RENAMED.items():
        data[old] = data[name]
    result: Any = validator.spec_rules.validate(data)
    outcome = {check.check_name: check.status.name for check in result.checklist.values()}
    print(json.dumps({"rows": len(data), "rules": outcome}))  # noqa: T201 (read by the test)


main(sys.argv[1])
