"""Copies of the house that prove themselves (控え): generations, restoring, and drills that restore them for trial."""

from typing import TYPE_CHECKING

from tachiai.faces import face

if TYPE_CHECKING:
    from tachiai.backups.accepting import accept_as_copy, accept_as_production, restored
    from tachiai.backups.doing import do_backup
    from tachiai.backups.drilling import drill
    from tachiai.backups.keys_apart import open_keys, seal_keys
    from tachiai.backups.making import copies_until, make_backup
    from tachiai.backups.planning import plan_backups
    from tachiai.backups.published import stated_in
    from tachiai.backups.restoring import check_restorable, restore

__all__ = [
    "accept_as_copy",
    "accept_as_production",
    "check_restorable",
    "copies_until",
    "do_backup",
    "drill",
    "make_backup",
    "open_keys",
    "plan_backups",
    "restore",
    "restored",
    "seal_keys",
    "stated_in",
]

__getattr__ = face(__name__, __file__)
