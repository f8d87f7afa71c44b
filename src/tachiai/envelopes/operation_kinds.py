"""What sort of act each event of the ledger is, as the operation log sorts them, and which of them tell of something that failed."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    LOGIN = "login"
    VIEW = "view"
    DOWNLOAD = "download"
    DRAFT = "draft"
    SEND = "send"
    SIGN = "sign"
    APPROVE = "approve"
    MAIL = "mail"
    SETTINGS = "settings"
    VERIFY = "verify"


EVENTS: dict[Kind, tuple[str, ...]] = {
    Kind.LOGIN: (
        "login.refused",
        "member.logged_in",
        "member.logged_out",
        "member.login_refused",
        "member.second_factor_refused",
    ),
    Kind.VIEW: ("document.shown", "document.viewed", "download.opened", "recipient.opened", "recipient.code_wrong"),
    Kind.DOWNLOAD: (
        "document.copy_downloaded",
        "document.unfinished_downloaded",
        "drill.report_taken",
        "evidence.exported",
        "file.downloaded",
        "list.exported",
        "registration.attorney_taken",
        "sample.taken",
        "upload.downloaded",
    ),
    Kind.DRAFT: (
        "document.added",
        "document.removed",
        "envelope.created",
        "envelope.described",
        "envelope.recreated",
        "recipients.named",
        "upload.dropped",
        "upload.expired",
        "upload.held",
        "upload.offered",
        "upload.refused",
        "upload.used",
        "warnings.acknowledged",
    ),
    Kind.SEND: (
        "document.frozen",
        "envelope.expired",
        "envelope.frozen",
        "envelope.revived",
        "envelope.sent",
        "envelope.withdrawn",
        "recipient.asked_download",
        "recipient.asked_link",
        "recipient.requested",
        "recipient.sent_again",
        "recipient.undelivered",
    ),
    Kind.SIGN: (
        "consent.refused",
        "consent.unsealed",
        "document.closed",
        "document.resealed",
        "document.sealed",
        "envelope.closing",
        "envelope.concluded",
        "envelope.declined",
        "envelope.resealing",
        "envelope.retried",
        "passkey.enrolled",
        "passkey.refused",
        "passkey.reset",
        "recipient.consented",
        "recipient.signed",
        "seal.intended",
        "totp.accepted",
        "totp.enrolled",
        "totp.refused",
        "totp.reset",
    ),
    Kind.APPROVE: (
        "registration.approved",
        "registration.code_asked",
        "registration.code_changed",
        "registration.code_chosen",
        "registration.code_requested",
        "registration.corrected",
        "registration.dated",
        "registration.entered",
        "registration.expired",
        "registration.imported",
        "registration.mail_confirmed",
        "registration.replaced",
        "registration.returned",
        "registration.revoked",
        "registration.submitted",
        "registration.suspended",
    ),
    Kind.MAIL: ("mail.accepted", "mail.dropped", "mail.refused", "mail.sent_after_all", "mail.uncertain"),
    Kind.SETTINGS: (
        "backup.made",
        "destruction.attested",
        "document.destroyed",
        "drill.done",
        "house.accepted",
        "house.configured",
        "key.certified",
        "key.made",
        "key.requested",
        "log.epoch_begun",
        "member.changed",
        "member.created",
        "member.password_changed",
        "member.password_reset",
        "member.second_factor_added",
        "member.second_factor_removed",
        "member.second_factor_reset",
        "operator.created",
        "organization.created",
        "personal.erased",
        "registration.form_changed",
        "vault.boxes_copied",
        "vault.key_made",
        "vault.key_retired",
        "vault.key_rotated",
        "vault.litter_removed",
    ),
    Kind.VERIFY: (
        "certificate.renewed",
        "certificate.topped_up",
        "document.renewed",
        "document.topped_up",
        "evidence.brought_forward",
        "evidence.made",
        "evidence.renewed",
        "record.admitted",
        "sample.drawn",
        "sample.expired",
        "sample.reported",
        "verdict.attested",
    ),
}
KIND_OF: dict[str, Kind] = {event: kind for kind, events in EVENTS.items() for event in events}
FAILED = (
    "consent.refused",
    "consent.unsealed",
    "login.refused",
    "mail.refused",
    "mail.uncertain",
    "member.login_refused",
    "member.second_factor_refused",
    "passkey.refused",
    "recipient.code_wrong",
    "recipient.undelivered",
    "registration.suspended",
    "totp.refused",
    "upload.refused",
)
