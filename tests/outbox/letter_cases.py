"""Facts for every letter, as the story writes them, in every shape that changes its words."""

from __future__ import annotations

from typing import Any

WRITTEN = "2026-12-09T00:30:00+00:00"
LINK = "https://keiyaku.example.jp/s/3vKJt0mYq8Zx-Rk2cW7nHd5LpQ9sVbTfGuEiOaMzXyN"

_JA: dict[str, Any] = {
    "service": "電子契約 Tachiai",
    "written_at": WRITTEN,
    "link": "",
    "organization": "さくら丘市（架空）",
    "organization_en": "Sakuragaoka City (fictional)",
    "department": "総務部契約課",
    "sender": "桜田 花子",
    "phone": "000-000-0000",
    "reply_to": "keiyaku@sakuragaoka.example.jp",
    "envelope": "令和8年度庁舎清掃業務委託契約",
    "number": "SKG-2026-00042",
    "documents": ["業務委託契約書", "仕様書"],
    "deadline": "2026-12-23",
    "comment": "添付の仕様書もあわせてご確認ください。\nよろしくお願いいたします。",
    "recipient": {"organization": "株式会社みどり野製作所（架空）", "title": "代表取締役", "name": "緑野 太郎"},
    "about": {"organization": "株式会社みどり野製作所（架空）", "title": "代表取締役", "name": "緑野 太郎"},
    "reason": "第3条の金額が見積書と異なります。\n修正のうえ、もう一度お送りください。",
}
_EN = _JA | {
    "service": "Tachiai e-contracts",
    "organization": "Sakuragaoka City (fictional)",
    "department": "Contract Division",
    "sender": "Hanako Sakurada",
    "envelope": "Cleaning of the city hall 2026",
    "documents": ["Service agreement", "Specification"],
    "comment": "Please also read the specification.\nThank you.",
    "recipient": {"organization": "Midorino Works Ltd (fictional)", "title": "President", "name": "Taro Midorino"},
    "about": {"organization": "Midorino Works Ltd (fictional)", "title": "President", "name": "Taro Midorino"},
    "reason": "The amount in article 3 is not the quoted one.\nPlease correct it.",
}
FACTS = {"ja": _JA, "en": _EN}

_SIGNER, _SENDER = {"reader": "signer"}, {"reader": "sender", "link": LINK}
_APPROVER = {"reader": "approver", "link": LINK, "about": None, "asker": "Hanako Sakurada"}
_FRESH = {"organization": "Fictional Trading", "title": "", "name": "Hanako Midorino"}
_DOWNLOAD = {"certificate_number": "C-2026-00042", "expires_at": "2026-12-23T00:30:00+00:00"}
_FILED = {"number": "R-2026-00007", "expires_at": "2026-12-23T00:30:00+00:00"}

_WAITED: dict[str, Any] = {
    "reader": "approver",
    "link": LINK,
    "reply_to": "",
    "count": 22,
    "more": 1,
    "waiting": [
        {
            "envelope": "Cleaning 2026",
            "number": "SKG-2026-00042",
            "asker": "Jiro Okano",
            "asked_at": WRITTEN,
            "deadline": deadline,
            "instead_of": instead_of,
        }
        for deadline, instead_of in (("2026-12-23", ""), (None, "Saburo Kawano"))
    ],
}

# What is added to (or taken from, with None) the facts: the kind, a label and the difference.
CASES: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("M01", "whole", _SIGNER | {"link": LINK}),
    ("M01", "bare", _SIGNER | {"link": LINK, "comment": "", "department": "", "phone": "", "reply_to": "", "deadline": None}),
    ("M02", "whole", _SIGNER | {"link": LINK}),
    ("M04", "first", _SIGNER | {"link": LINK, "again": False}),
    ("M04", "again", _SIGNER | {"link": LINK, "again": True}),
    ("M05", "counterparty", _SIGNER | _DOWNLOAD | {"link": LINK}),
    ("M05", "own", _SIGNER | {"certificate_number": "C-2026-00042", "link": LINK}),
    ("M05", "sender", _SENDER | {"certificate_number": "C-2026-00042", "about": None}),
    *(("M01", f"gate {gate}", _SIGNER | {"link": LINK, "gate": gate}) for gate in ("otp", "none")),
    ("M03", "link", _SIGNER | {"link": LINK, "again": False}),
    ("M03", "desk", _SIGNER | {"link": LINK, "again": True, "desk": True}),
    ("M06", "counterparty", _SIGNER | _DOWNLOAD | {"link": LINK, "gate": "otp"}),
    ("M06", "own", _SIGNER | {"certificate_number": "C-2026-00042", "link": LINK}),
    ("M07", "whole", _SIGNER | {"link": ""}),
    ("M08", "whole", _SENDER | {"about": None}),
    ("M09", "whole", _SENDER),
    ("M09", "reviewed", _SENDER | {"reviewed": True}),
    *(("M12", f"sender, by sender {by}", _SENDER | {"by_sender": by, "fresh": _FRESH}) for by in (True, False)),
    *(("M12", f"signer, by sender {by}", _SIGNER | {"link": "", "by_sender": by, "fresh": _FRESH}) for by in (True, False)),
    ("M10", "correction", _SENDER | {"wish": "correction"}),
    ("M10", "refusal", _SENDER | {"wish": "refusal"}),
    ("M10", "no authority", _SENDER | {"wish": "no_authority"}),
    ("M10", "other", _SENDER | {"wish": "other"}),
    ("M10", "goes on", _SENDER | {"wish": "other", "left": ["Hanako Midorino"], "lapsed": False}),
    ("M10", "goes on, correction", _SENDER | {"wish": "correction", "left": ["Hanako Midorino", "Jiro Okano"], "lapsed": False}),
    ("M10", "goes on, all too late", _SENDER | {"wish": "no_authority", "left": ["Hanako Midorino", "Jiro Okano"], "lapsed": True}),
    ("M10", "signer", _SIGNER | {"link": "", "reason": ""}),
    ("M11", "whole", _SIGNER | {"link": ""}),
    ("M11", "operator, signer", _SIGNER | {"link": "", "by_operator": True}),
    ("M11", "operator, sender", _SENDER | {"about": None, "by_operator": True}),
    ("M13", "expired", _SENDER | {"about": None, "expired": True, "last_day": False}),
    ("M13", "expired, one", _SENDER | {"expired": True, "last_day": False}),
    ("M13", "near", _SENDER | {"about": None, "expired": False, "last_day": False}),
    ("M13", "last day", _SENDER | {"about": None, "expired": False, "last_day": True}),
    ("M14", "whole", _SENDER),
    ("M15", "locked, sender", _SENDER | {"until": "2026-12-09T00:45:00+00:00"}),
    ("M15", "ended, sender", _SENDER | {"until": None}),
    ("M15", "locked, signer", _SIGNER | {"link": "", "until": "2026-12-09T00:45:00+00:00"}),
    ("M15", "ended, signer", _SIGNER | {"link": "", "until": None}),
    ("M16", "whole", {"link": "", "code": "482913"}),
    ("M17", "whole", _APPROVER),
    ("M18", "whole", _APPROVER | {"instead_of": "Jiro Okano"}),
    *(("M19", f"approved, later {later}", _SENDER | {"about": None, "result": "approved", "later": later}) for later in (True, False)),
    ("M19", "impossible", _SENDER | {"about": None, "result": "impossible", "because": "deadline.out_of_range"}),
    *(
        ("M19", f"returned, later {later}", _SENDER | {"about": None, "result": "returned", "later": later, "approver": approver})
        for later, approver in (
            (False, {"name": "Jiro Okano", "instead_of": ""}),
            (True, {"name": "Saburo Kawano", "instead_of": "Jiro Okano"}),
        )
    ),
    ("M20", "link", _SENDER | {"what": "link"}),
    ("M20", "download", _SENDER | {"what": "download"}),
    ("M20", "reissued", _SENDER | {"what": "reissued"}),
    ("M20", "copied", _SENDER | {"what": "copied", "copy_request": "K-2026-00007"}),
    ("M20", "code", _SENDER | {"what": "code"}),
    ("M21", "copies", _SIGNER | {"link": LINK, "gate": "otp", "copy_request": "K-2026-00007", "expires_at": "2026-12-23T00:30:00+00:00"}),
    ("M21", "whole", _SIGNER | {"link": LINK, "expires_at": "2026-12-23T00:30:00+00:00"}),
    (
        "M27",
        "two",
        {
            "link": LINK,
            "reply_to": "",
            "alarm": "backup.late",
            "alarms": [
                {"kind": "backup.late", "subject": "nightly", "detail": "disk full", "since": "2026-12-09T00:45:00+00:00"},
                {"kind": "key.expiring", "subject": "seal", "detail": "", "since": "2026-12-09T00:50:00+00:00"},
            ],
        },
    ),
    *(
        ("M31", why, _SENDER | {"about": None, "why": why})
        for why in (
            *("registration.not_usable", "registration.other_contract", "member.may_not_sign", "deadline.out_of_range"),
            *("envelope.not_allowed", "approval.missing", "document.unsigned", "information.missing", "envelope.not_described"),
            *("envelope.no_documents", "upload.unsettled", "recipients.incomplete", "field.not_their_document", "warnings.unseen"),
            *("recipient.deadline_out_of_range", "something.new"),
        )
    ),
    ("M32", "whole", _WAITED),
    ("M28", "whole", _SIGNER | {"link": LINK, "expires_at": "2026-12-23T00:30:00+00:00"}),
    ("M24", "whole", {"link": LINK, "number": "R-2026-00007", "expires_at": "2026-12-23T00:30:00+00:00"}),
    ("M24", "first code", _FILED | {"link": LINK, "choose": "first"}),
    ("M24", "code again", _FILED | {"link": LINK, "choose": "again"}),
    ("M24", "receipt", _FILED | {"link": "", "receipt": True}),
    ("M25", "approved", _FILED | {"link": "", "result": "approved"}),
    ("M25", "returned", _FILED | {"link": LINK, "result": "returned"}),
    ("M25", "code", _FILED | {"link": "", "result": "code"}),
    *(
        ("M26", purpose, {"purpose": purpose, "reply_to": "", "link": LINK if purpose == "password_reset_key" else ""})
        for purpose in (
            "password_reset_key",
            "password_changed",
            "password_set",
            "password_reset",
            "totp_activated",
            "totp_deactivated",
            "recovery_codes_generated",
            "email_changed",
        )
    ),
    (
        "M26",
        "invitation",
        {"purpose": "invitation", "reply_to": "", "link": LINK, "inviter": "Taro Kanri", "until": "2026-12-23T00:30:00+00:00"},
    ),
    ("M26", "new_sign_in", {"purpose": "new_sign_in", "reply_to": "", "link": ""}),
    ("M30", "received", {"link": "", "number": "K-2026-00007", "what": "received"}),
    ("M30", "refused", {"link": "", "number": "K-2026-00007", "what": "refused"}),
    *(
        ("M29", purpose, {"link": "", "number": "R-7", "purpose": purpose, "reason": reason, "happened_at": "2026-12-09T00:45:00+00:00"})
        for purpose, reason in (("totp_enrolled", ""), ("passkey_enrolled", ""), ("totp_reset", "lost"), ("passkey_reset", ""))
    ),
)


def facts(language: str, difference: dict[str, Any]) -> dict[str, Any]:
    """The facts of one case."""
    return FACTS[language] | difference
