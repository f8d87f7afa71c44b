"""What was concluded, kept findable (保管): filed once, searched by the tax law's three items, never altered."""

from typing import TYPE_CHECKING

from tachiai.faces import face

if TYPE_CHECKING:
    from tachiai.archive.anchoring import Anchor, anchored
    from tachiai.archive.checking import check_records
    from tachiai.archive.describing import item_rules, items_of, items_of_many, put_items, redescribe, set_item_rules
    from tachiai.archive.filing import Filed, FiledFile, admit, move_record, refile
    from tachiai.archive.samples import forget_conditions
    from tachiai.archive.searching import Wanted, search_records
    from tachiai.archive.verification import judge

__all__ = [
    "Anchor",
    "Filed",
    "FiledFile",
    "Wanted",
    "admit",
    "anchored",
    "check_records",
    "forget_conditions",
    "item_rules",
    "items_of",
    "items_of_many",
    "judge",
    "move_record",
    "put_items",
    "redescribe",
    "refile",
    "search_records",
    "set_item_rules",
]

__getattr__ = face(__name__, __file__)
