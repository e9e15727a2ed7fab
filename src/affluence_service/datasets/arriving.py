"""A file on its way in: to disk as it comes, hashed and counted, and gone when it is too large or breaks off."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

from django.conf import settings
from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, TemporaryFileUploadHandler

from affluence.data.visible_text import visible
from affluence_service.api_errors import TooLarge

_CHUNK = 1 << 18
# What a form has around the file in it.
_BYTES_OF_FORM = 1 << 20
_LONGEST_NAME = 200


class Readable(Protocol):
    """What bytes are read from."""

    def read(self, size: int, /) -> bytes:
        """At most so many bytes; none at the end."""


@dataclass(frozen=True)
class Arrived:
    """A whole file that lies on the service's volume; `name` is as its sender called it, made fit to be shown."""

    path: Path
    name: str
    bytes: int
    data_hash: str


class HashedUpload(TemporaryUploadedFile):
    """A file of a form, with the digest of its bytes once it is whole."""

    data_hash = ""


class ToDisk(TemporaryFileUploadHandler):
    """Takes the files of a form: to disk, hashed, and no more than is allowed."""

    chunk_size = _CHUNK
    file: HashedUpload

    def handle_raw_input(
        self,
        input_data: Any,  # noqa: ARG002
        META: Mapping[str, Any],  # noqa: ARG002, N803
        content_length: int,
        boundary: Any,  # noqa: ARG002
        encoding: Any = None,  # noqa: ARG002
    ) -> None:
        """Refuse what says of itself that it is too large, before any of it is read."""
        refuse_beyond(content_length - _BYTES_OF_FORM)

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Begin a file."""
        FileUploadHandler.new_file(self, *args, **kwargs)
        self.file = HashedUpload(self.file_name or "", self.content_type, 0, self.charset, self.content_type_extra)
        self.digest = hashlib.sha256()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Write a piece of the file. Errors: TooLarge, and what was written is gone."""
        try:
            refuse_beyond(start + len(raw_data))
        except TooLarge:
            self.upload_interrupted()
            raise
        self.digest.update(raw_data)
        self.file.write(raw_data)

    def file_complete(self, file_size: int) -> Any:
        """The file, with the digest of its bytes."""
        self.file.data_hash = self.digest.hexdigest()
        return super().file_complete(file_size)


def drop_unfinished(request: Any) -> None:
    """Remove what the request's form had brought to disk; Python alone would do so at a time of its own choosing."""
    for handler in request.upload_handlers:
        handler.upload_interrupted()


def from_form(file: "UploadedFile[Any]") -> Arrived:
    """The file of a form that `ToDisk` took; it goes with the request unless it is moved away."""
    assert isinstance(file, HashedUpload)  # noqa: S101  (the settings let no other handler take files)
    file.flush()
    return Arrived(
        path=Path(file.temporary_file_path()),
        name=shown_name(file.name or ""),
        bytes=file.size or 0,
        data_hash=file.data_hash,
    )


def from_stream(source: Readable, *, name: str) -> Arrived:
    """The file that is all of the request's body. Errors: TooLarge, or what reading raises; nothing is left then."""
    path: Path = settings.ARRIVING / f"{uuid4()}.upload"
    digest, size = hashlib.sha256(), 0
    try:
        with path.open("xb") as file:
            while chunk := source.read(_CHUNK):
                size += len(chunk)
                refuse_beyond(size)
                digest.update(chunk)
                file.write(chunk)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return Arrived(path, shown_name(name), size, digest.hexdigest())


def shown_name(name: str) -> str:
    """A file's name as it may be shown: without a path, without marks that cannot be seen, not too long."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    shown = visible(last.encode("utf-8", "replace").decode("utf-8")).strip()
    return shown[:_LONGEST_NAME] or "table"


def refuse_beyond(size: int) -> None:
    """Nothing, when a file of so many bytes is taken. Errors: TooLarge."""
    most = settings.ENVIRONMENT.max_upload_bytes
    if size > most:
        raise TooLarge(f"The file is larger than the {most:,} bytes that are taken. Split it, or send it as Parquet.")
