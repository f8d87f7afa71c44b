"""From an address to the store that lies there."""

from __future__ import annotations

from tachiai.house import House
from tachiai.vault.addresses import bucket_at, folder_at
from tachiai.vault.stores import FolderStore, Store


def configured_store(house: House) -> Store:
    """The store that the house works with. Raises ``Misconfigured``."""
    return store_at(house.store_url, house)


def store_at(url: str, house: House) -> Store:
    """The store at ``url``, empty for the folder in the house, with the house's credentials. Raises ``Misconfigured``."""
    if not url:
        return FolderStore(house.vault)
    if url.startswith("file:"):
        return FolderStore(folder_at(url))
    bucket = bucket_at(url, house)
    from tachiai.vault.object_store import ObjectStore  # a house on a folder never loads the library

    return ObjectStore(bucket)
