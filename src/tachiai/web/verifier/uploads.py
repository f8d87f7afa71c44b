"""Taking a stranger's file in memory only: nothing of it ever lies on a disk of the house."""

from __future__ import annotations

from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.files.uploadhandler import FileUploadHandler, StopUpload
from django.http import HttpRequest

from tachiai.archive.verification import LARGEST


class InMemory(FileUploadHandler):
    """Keeps a file up to the limit; of a longer one only that it was too long. An absurd one ends the connection."""

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request)
        self._held: list[bytes] = []
        self._size = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self._size += len(raw_data)
        if self._size > 4 * LARGEST:
            raise StopUpload(connection_reset=True)
        if self._size > LARGEST:
            self._held.clear()
        else:
            self._held.append(raw_data)

    def file_complete(self, file_size: int) -> SimpleUploadedFile:
        held = b"" if self._size > LARGEST else b"".join(self._held)
        self._held.clear()
        taken = SimpleUploadedFile(self.file_name or "file", held, self.content_type or "application/pdf")
        taken.size = file_size
        return taken
