"""Boxes in a bucket, before a real server: never over one another, and whatever the server does wrong is met under its name."""

from __future__ import annotations

import secrets
import ssl
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from django.core.checks import run_checks
from django.db import transaction

from cast import Cast
from crowds import codes_of, together
from invariants import check_house
from object_server import ACCESS, SECRET, ObjectServer, Proxy, loopback_certificate, proxy_before
from stories import concluded
from tachiai import clock, vault
from tachiai.errors import Outage, Refusal
from tachiai.house import House, Misconfigured
from tachiai.vault import keeping
from tachiai.vault.addresses import Bucket, bucket_at, folder_at
from tachiai.vault.models import Blob, Segment
from tachiai.vault.object_store import ObjectStore
from tachiai.work.models import Alarm

BOX = secrets.token_bytes(24_000)  # which nothing makes smaller


def bucket(endpoint: str, *, name: str = "plain", **told: Any) -> Bucket:
    """Below a prefix of its own."""
    prefix = f"{secrets.token_hex(8)}/"
    return Bucket(name, prefix, endpoint, "us-east-1", ACCESS, SECRET, **{"timeout": 10.0, "attempts": 1, **told})


def url_of(endpoint: str, more: str = "") -> str:
    return f"s3://plain/{secrets.token_hex(8)}?endpoint={endpoint}&tls=none&timeout=5&attempts=1{more}"


@pytest.fixture
def on_proxy(house: Any, settings: Any, proxy: Proxy) -> Proxy:
    """A house that keeps its boxes behind the proxy."""
    settings.TACHIAI = replace(settings.TACHIAI, store_url=url_of(proxy.endpoint), store_access_key=ACCESS, store_secret_key=SECRET)
    keeping._store.cache_clear()
    return proxy


def test_boxes_come_back_and_nothing_is_written_over(s3: ObjectServer) -> None:
    store = ObjectStore(bucket(s3.endpoint))
    assert list(store.list()) == []
    assert store.check() == {"kind": "s3", "versions": "none", "lock": "none"}
    store.put_if_absent("ab/cd/box", BOX)
    assert store.get("ab/cd/box") == store.get_anew("ab/cd/box") == BOX
    store.put_if_absent("ab/cd/box", BOX)  # the very box: an attempt whose answer was lost
    with pytest.raises(Refusal, match=r"vault\.taken"):
        store.put_if_absent("ab/cd/box", b"another")
    results = together([lambda number=number: store.put_if_absent("ab/cd/race", b"%d" % number) for number in range(8)])
    assert len(codes_of(results)) == 7
    assert set(codes_of(results)) <= {"vault.taken", "store.unwritable"}  # 409 where two came at the same moment
    found = {one.path: one for one in store.list()}
    assert set(found) == {"ab/cd/box", "ab/cd/race"}
    assert found["ab/cd/box"].size == len(BOX)
    assert abs(store.now() - found["ab/cd/box"].written_at) < timedelta(minutes=1)
    assert store.exists("ab/cd/box")
    assert list(store.overwritten()) == []
    for _ in range(2):
        store.remove("ab/cd/box")
    assert not store.exists("ab/cd/box")
    with pytest.raises(Outage, match=r"store\.unreadable: NoSuchKey"):
        store.get("ab/cd/box")


def test_a_locked_box_outlives_its_removal_and_other_versions_are_told(house: Any, s3: ObjectServer) -> None:
    ordinary = bucket(s3.endpoint, lock="compliance", days=30)
    with pytest.raises(Refusal, match=r"store\.unfit.*no_lock"):
        ObjectStore(ordinary).check()
    locked = replace(ordinary, name="locked")
    store = ObjectStore(locked)
    assert store.check() == {"kind": "s3", "versions": "Enabled", "lock": "Enabled"}
    for path in ("gone", "changed", "held"):
        store.put_if_absent(path, BOX)
    told = s3.client.head_object(Bucket="locked", Key=f"{locked.prefix}gone")
    assert told["ObjectLockMode"] == "COMPLIANCE"
    assert timedelta(days=29) < told["ObjectLockRetainUntilDate"] - clock.now() <= timedelta(days=30)
    store.remove("gone")
    with pytest.raises(Outage, match=r"store\.unreadable"):
        store.get("gone")
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.client.delete_object(Bucket="locked", Key=f"{locked.prefix}gone", VersionId=told["VersionId"])
    s3.client.put_object(Bucket="locked", Key=f"{locked.prefix}changed", Body=b"somebody else's")
    paths = [path for path in store.overwritten() if path in ("gone", "changed", "held")]
    assert sorted(paths) == ["changed", "gone"]
    _only_what_is_needed_is_told(store)
    held = replace(locked, lock="", days=0, hold=True)
    ObjectStore(held).put_if_absent("legal", BOX)
    assert s3.client.head_object(Bucket="locked", Key=f"{locked.prefix}legal")["ObjectLockLegalHoldStatus"] == "ON"


def _only_what_is_needed_is_told(store: ObjectStore) -> None:
    """A box that was destroyed with its document has a mark of deletion, and nobody else did that."""
    made = clock.now()
    for path, shredded in (("gone", made), ("changed", None), ("held", None)):
        blob = Blob.objects.create(kind="document", wrapped_key=b"", kek="", created_at=made, shredded_at=shredded)
        Segment.objects.create(blob=blob, number=0, path=path, size=1, sha256=b"", total_size=1, total_sha256=b"")
    assert list(vault.written_over(store)) == ["changed"]


MET = [
    ("500", "PUT", "store.unwritable"),
    ("503", "PUT", "store.unwritable"),
    ("507", "PUT", "store.unwritable"),
    ("409", "PUT", "store.unwritable"),
    ("403", "PUT", "store.denied"),
    ("cut", "PUT", "store.unreachable"),
    ("half there", "PUT", "store.unreachable"),
    ("slow", "PUT", "store.unreachable"),
    ("500", "GET", "store.unreadable"),
    ("404", "GET", "store.unreadable"),
    ("403", "GET", "store.denied"),
    ("cut", "GET", "store.unreachable"),
    ("half back", "GET", "store.unreachable"),
    ("slow", "GET", "store.unreachable"),
    ("flipped", "GET", "store.lied"),
    ("says yes", "PUT", "store.unreadable"),
]


def test_whatever_goes_wrong_nothing_is_recorded(on_proxy: Proxy, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """One house for all: a box is put and read back through each fault, and is put at once when it is over."""
    patient = keeping._store
    brief = ObjectStore(replace(bucket_at(settings.TACHIAI.store_url, settings.TACHIAI), timeout=0.3))
    for kept, (fault, method, code) in enumerate(MET):
        on_proxy.fails(fault, method)
        monkeypatch.setattr(keeping, "_store", (lambda: brief) if fault == "slow" else patient)
        with pytest.raises(Outage) as met:
            vault.put(BOX, kind="document")
        assert (fault, met.value.code) == (fault, code)
        assert "secret" not in met.value.detail
        assert Blob.objects.count() == kept, fault
        on_proxy.fails("")
        stored = vault.put(BOX, kind="document")
        with transaction.atomic():
            assert vault.read(vault.keep(stored, at=clock.now())) == BOX
    # Half of a box was never there, and each that was recorded is.
    paths = set(Segment.objects.values_list("path", flat=True))
    assert paths <= {one.path for one in keeping._store().list()}
    assert {one.size for one in keeping._store().list()} == {len(keeping._store().get(next(iter(paths))))}
    alarm = Alarm.objects.get(kind="store.lied")
    assert alarm.subject == str(keeping._store())
    assert alarm.detail not in paths


def test_what_was_damaged_on_its_way_is_asked_for_once_more(on_proxy: Proxy) -> None:
    stored = vault.put(BOX, kind="document")
    with transaction.atomic():
        blob = vault.keep(stored, at=clock.now())
    on_proxy.fails("flipped", "GET", times=1)
    assert vault.read(blob) == BOX
    on_proxy.fails("flipped", "GET")
    with pytest.raises(Refusal, match=r"vault\.altered"):
        vault.read(blob)


def test_an_answer_that_was_lost_is_not_taken_for_somebody_elses_box(proxy: Proxy) -> None:
    store = ObjectStore(bucket(proxy.endpoint, attempts=2))
    proxy.fails("cut after", times=1)
    store.put_if_absent("box", BOX)
    assert store.get("box") == BOX
    assert proxy.seen.count("PUT") == 2
    # Without a second attempt it is an outage, and the box is litter.
    once = ObjectStore(bucket(proxy.endpoint))
    proxy.fails("cut after", times=1)
    with pytest.raises(Outage, match=r"store\.unreachable"):
        once.put_if_absent("box", BOX)
    assert once.exists("box")


def test_a_server_that_would_write_over_stops_the_start(on_proxy: Proxy, settings: Any) -> None:
    for fault, method, words in (("says yes", "PUT", "writes over"), ("flipped", "GET", "give back"), ("403", "PUT", "store.denied")):
        on_proxy.fails(fault, method)
        assert words in _start()
    for fault in ("cut", "503"):
        on_proxy.fails(fault)
        assert _start() == ""  # it may come back
    on_proxy.fails("nonsense", "GET")
    with pytest.raises(Outage, match=r"store\.unreadable"):
        next(keeping._store().list())
    on_proxy.fails("")
    assert _start() == ""
    settings.TACHIAI = replace(settings.TACHIAI, store_url=settings.TACHIAI.store_url.replace("//plain", "//nobodys"))
    assert "store.denied: NoSuchBucket" in _start()
    settings.TACHIAI = replace(settings.TACHIAI, store_url="s3://plain?lokc=compliance")
    assert "lokc" in _start()


def _start() -> str:
    """The errors of the start, as far as they are the store's."""
    told = run_checks(include_deployment_checks=True)
    return " ".join(f"{one.msg}" for one in told if one.is_serious() and str(one.id) in ("tachiai.E020", "tachiai.E021"))


def test_a_server_that_nobody_vouches_for_is_not_spoken_to(s3: ObjectServer, tmp_path: Path) -> None:
    certificate, private = loopback_certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, private)
    with proxy_before(s3, tls=context) as proxy:
        where = bucket(proxy.endpoint)
        with pytest.raises(Outage, match=r"store\.unreachable: SSLError"):
            ObjectStore(where).put_if_absent("box", BOX)
        assert proxy.seen == []
        known = ObjectStore(replace(where, roots_file=certificate))
        known.put_if_absent("box", BOX)
        assert known.get("box") == BOX


@pytest.mark.parametrize(
    "url",
    [
        "https://bucket/prefix",
        "s3://?region=x",
        "s3://key:secret@bucket?region=ap-northeast-1",
        "s3://bucket",
        "s3://bucket?endpoint=http://127.0.0.1:1",
        "s3://bucket?endpoint=https://key@example.jp",
        "s3://bucket?region=ap-northeast-1&lock=compliance",
        "s3://bucket?region=ap-northeast-1&days=3",
        "s3://bucket?region=ap-northeast-1&lock=forever&days=3",
        "s3://bucket?region=ap-northeast-1&hold=perhaps",
        "s3://bucket?region=ap-northeast-1&timeout=0",
        "s3://bucket?region=ap-northeast-1&region=us-east-1",
        "s3://bucket?region=ap-northeast-1&tls=off",
        "s3://bucket/../other?region=ap-northeast-1#x",
        "s3://bucket/a b?region=ap-northeast-1",
    ],
)
def test_addresses_that_are_none(url: str, settings: Any) -> None:
    with pytest.raises(Misconfigured, match="TACHIAI_STORE_URL"):
        bucket_at(url, settings.TACHIAI)


def test_addresses_that_are_understood(settings: Any) -> None:
    house: House = replace(settings.TACHIAI, store_access_key="a", store_secret_key="b")
    found = bucket_at("s3://deeds/house/one/?region=ap-northeast-1&lock=governance&days=3650&connections=8", house)
    assert found == Bucket(
        "deeds", "house/one/", "", "ap-northeast-1", "a", "b", None, lock="governance", days=3650, timeout=20.0, connections=8
    )
    assert bucket_at("s3://deeds?endpoint=https://s3.example.jp&hold=yes", house).region == "us-east-1"
    assert folder_at("file:///srv/tachiai%20boxes") == Path("/srv/tachiai boxes")
    for url in ("file://srv/boxes", "file:///", "file:///srv?x=1"):
        with pytest.raises(Misconfigured):
            folder_at(url)
    with pytest.raises(Misconfigured, match="belong together"):
        bucket_at("s3://deeds?region=ap-northeast-1", replace(house, store_secret_key=""))


def test_a_whole_story_with_its_bytes_in_a_bucket(on_proxy: Proxy, cast: Cast) -> None:
    """From the upload to the conclusion; nothing lies in the house's own folder, and every box is in the bucket."""
    envelope = concluded(cast)
    assert envelope.state == "concluded"
    assert {one.path for one in keeping._store().list()} >= set(Segment.objects.values_list("path", flat=True))
    assert Segment.objects.filter(blob__created_at__gte=datetime(2026, 1, 1, tzinfo=UTC)).count() >= 6
    check_house()
