"""Boxes as objects of an S3 bucket: never over something that is there, locked where wanted, and every trouble under a code of its own."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Protocol, cast

from boto3.session import Session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, PartialCredentialsError
from botocore.parsers import ResponseParserError

from tachiai import clock
from tachiai.errors import Outage, Refusal
from tachiai.vault.addresses import Bucket
from tachiai.vault.stores import PROBE, PROBE_BOX, Found, check_probe

CONNECT_SECONDS = 5.0
_TROUBLES = (BotoCoreError, ClientError, ResponseParserError)
_ABSENT = frozenset(("404", "NoSuchKey", "NotFound"))
_DENIED = frozenset(("NoSuchBucket", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken", "RequestTimeTooSkewed"))
_TAKEN = frozenset(("412", "PreconditionFailed"))


class _Client(Protocol):
    """What is asked of boto3's client, which has no types."""

    def put_object(self, **arguments: Any) -> dict[str, Any]: ...
    def get_object(self, **arguments: Any) -> dict[str, Any]: ...
    def head_object(self, **arguments: Any) -> dict[str, Any]: ...
    def delete_object(self, **arguments: Any) -> dict[str, Any]: ...
    def head_bucket(self, **arguments: Any) -> dict[str, Any]: ...
    def get_bucket_versioning(self, **arguments: Any) -> dict[str, Any]: ...
    def get_object_lock_configuration(self, **arguments: Any) -> dict[str, Any]: ...
    def get_paginator(self, name: str) -> Any: ...


class ObjectStore:
    """One bucket, below a prefix. Threads may share it; its connections are kept open."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket
        self._client = _client(bucket)

    def __str__(self) -> str:
        return str(self._bucket)

    def put_if_absent(self, path: str, box: bytes) -> None:
        """Whole or not at all: the server checks the digest that goes along, and answers once the box is durable.

        That nothing is written over is ``If-None-Match: *`` (RFC 9110, 13.1.2).
        """
        try:
            self._put(path, box, **self._locked())
        except _TROUBLES as problem:
            if not _says(problem, _TAKEN):
                raise _outage(problem, "store.unwritable") from problem
            # When the answer to a first attempt was lost, the second finds its own box. No two boxes are alike (their nonce is random).
            if self.get(path) != box:
                raise Refusal("vault.taken", path=path) from problem

    def get(self, path: str) -> bytes:
        try:
            answer = self._client.get_object(**self._at(path))
            with closing(answer["Body"]) as body:
                return cast("bytes", body.read())
        except _TROUBLES as problem:
            raise _outage(problem, "store.unreadable") from problem

    def get_anew(self, path: str) -> bytes:
        """A request of its own: what the server gives to anybody who asks next."""
        return self.get(path)

    def exists(self, path: str) -> bool:
        try:
            self._client.head_object(**self._at(path))
        except _TROUBLES as problem:
            if _says(problem, _ABSENT):
                return False
            raise _outage(problem, "store.unreadable") from problem
        return True

    def remove(self, path: str) -> None:
        """In a bucket with versions this only marks the box as deleted; a locked one lies there, unreadable, until its lock ends."""
        try:
            self._client.delete_object(**self._at(path))
        except _TROUBLES as problem:
            raise _outage(problem, "store.unwritable") from problem

    def list(self) -> Iterator[Found]:
        for page in self._pages("list_objects_v2"):
            for one in page.get("Contents", ()):
                yield Found(self._path(one["Key"]), one["Size"], one["LastModified"].astimezone(UTC))

    def overwritten(self) -> Iterator[str]:
        """Boxes are put once: of what is still needed, a second version or a mark of deletion is somebody else's act. None where
        versions are not kept.

        What is read is always the latest; that it is the right one is proven by the digest in its row, whatever version it is.
        """
        before = ""
        for page in self._pages("list_object_versions"):
            # A page has versions and marks apart, each in the order of their keys; what was said once is not said again.
            told = {one["Key"] for one in page.get("DeleteMarkers", ())}
            for one in page.get("Versions", ()):
                told |= {one["Key"]} if one["Key"] == before else set()
                before = one["Key"]
            yield from (self._path(key) for key in sorted(told))

    def now(self) -> datetime:
        try:
            answer = self._client.head_bucket(Bucket=self._bucket.name)
            return parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"]).astimezone(UTC)
        except (KeyError, TypeError, ValueError) as problem:
            raise Outage("store.unreadable", "the server tells no time") from problem
        except _TROUBLES as problem:
            raise _outage(problem, "store.unreadable") from problem

    def check(self) -> Mapping[str, str]:
        """Whether the server keeps what this class relies on. Refuses ``store.unfit``: ``overwrites``, ``lies`` or ``no_lock``.

        The probe is not locked, so that it can be removed again; it lies in the bucket for a moment.
        """
        path = f"{PROBE}{secrets.token_hex(8)}"
        try:
            self._put(path, PROBE_BOX)
            check_probe(self, path)
            versions = self._client.get_bucket_versioning(Bucket=self._bucket.name).get("Status", "none")
        except _TROUBLES as problem:
            raise _outage(problem, "store.unwritable") from problem
        finally:
            with suppress(Outage):  # litter of a few bytes
                self.remove(path)
        next(self.list(), None)
        lock = self._offered_lock()
        if lock != "Enabled" and (self._bucket.lock or self._bucket.hold):
            raise Refusal("store.unfit", reason="no_lock")
        return {"kind": "s3", "versions": versions, "lock": lock}

    def _offered_lock(self) -> str:
        """Not every server knows the question; none of those that do not can lock."""
        try:
            found = self._client.get_object_lock_configuration(Bucket=self._bucket.name)
        except ClientError as problem:
            if problem.response.get("ResponseMetadata", {}).get("HTTPStatusCode") in (400, 404, 405, 501):
                return "none"
            raise _outage(problem, "store.unreadable") from problem
        except _TROUBLES as problem:
            raise _outage(problem, "store.unreadable") from problem
        return str(found.get("ObjectLockConfiguration", {}).get("ObjectLockEnabled", "none"))

    def _put(self, path: str, box: bytes, **locked: object) -> None:
        digest = base64.b64encode(hashlib.sha256(box).digest()).decode()
        self._client.put_object(**self._at(path), Body=box, IfNoneMatch="*", ChecksumSHA256=digest, **locked)

    def _at(self, path: str) -> dict[str, str]:
        return {"Bucket": self._bucket.name, "Key": self._bucket.prefix + path}

    def _path(self, key: str) -> str:
        return key.removeprefix(self._bucket.prefix)

    def _locked(self) -> dict[str, object]:
        locked: dict[str, object] = {"ObjectLockLegalHoldStatus": "ON"} if self._bucket.hold else {}
        if self._bucket.lock:
            until = clock.now() + timedelta(days=self._bucket.days)
            locked.update(ObjectLockMode=self._bucket.lock.upper(), ObjectLockRetainUntilDate=until)
        return locked

    def _pages(self, name: str) -> Iterator[dict[str, Any]]:
        try:
            yield from self._client.get_paginator(name).paginate(Bucket=self._bucket.name, Prefix=self._bucket.prefix)
        except _TROUBLES as problem:
            raise _outage(problem, "store.unreadable") from problem


def _client(bucket: Bucket) -> _Client:
    """Without keys of the house's, the library's own chain finds some: environment, profile, the machine's role."""
    session = Session(
        aws_access_key_id=bucket.access_key or None, aws_secret_access_key=bucket.secret_key or None, region_name=bucket.region
    )
    config = Config(
        connect_timeout=min(CONNECT_SECONDS, bucket.timeout),
        read_timeout=bucket.timeout,
        retries={"mode": "standard", "total_max_attempts": bucket.attempts},
        max_pool_connections=bucket.connections,
        signature_version="s3v4",
        # Other servers than Amazon's are found by path; and they need no digests but the one that we send.
        s3={"addressing_style": "path"} if bucket.endpoint else {},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        # Only the house says where its boxes are, not whatever the machine's profile has for other programs.
        ignore_configured_endpoint_urls=True,
    )
    verify = str(bucket.roots_file) if bucket.roots_file else True
    return cast("_Client", session.client("s3", endpoint_url=bucket.endpoint or None, config=config, verify=verify))


def _says(problem: Exception, codes: frozenset[str]) -> bool:
    return isinstance(problem, ClientError) and str(problem.response.get("Error", {}).get("Code")) in codes


def _outage(problem: Exception, otherwise: str) -> Outage:
    """The trouble under a stable code. What the server says besides, which may name keys and people, is not passed on."""
    if isinstance(problem, ClientError):
        code = str(problem.response.get("Error", {}).get("Code", ""))[:60]
        status = problem.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        detail = f"{code} (HTTP {status})"
        return Outage("store.denied" if status in (401, 403) or code in _DENIED else otherwise, detail)
    if isinstance(problem, NoCredentialsError | PartialCredentialsError):
        return Outage("store.denied", type(problem).__name__)
    if isinstance(problem, ResponseParserError):
        return Outage(otherwise, type(problem).__name__)
    return Outage("store.unreachable", type(problem).__name__)
