"""The desk's addresses."""

from __future__ import annotations

from django.urls import path

from tachiai.web.desk import (
    acts,
    backups,
    detail,
    documents,
    evidence,
    files,
    files_step,
    held,
    home,
    lists,
    me,
    recipients_step,
    registrations,
    renewals,
    review_step,
    samples,
    signing,
    viewing,
)

app_name = "desk"
ENVELOPE = "envelopes/<uuid:pk>"
DOCUMENT = f"{ENVELOPE}/documents/<uuid:document>"

urlpatterns = [
    path("", home.home, name="home"),
    path("envelopes", lists.envelopes, name="envelopes"),
    path("envelopes/new", files_step.new, name="envelope_new"),
    path(ENVELOPE, detail.envelope, name="envelope"),
    path(f"{ENVELOPE}/files", files_step.files, name="files"),
    path(f"{ENVELOPE}/uploads", held.waiting, name="waiting"),
    path(f"{ENVELOPE}/uploads/<uuid:upload>", held.held, name="held"),
    path(f"{ENVELOPE}/uploads/<uuid:upload>/<slug:which>/pages/<int:number>", held.picture, name="held_picture"),
    path(f"{ENVELOPE}/uploads/<uuid:upload>/<slug:which>.pdf", held.file, name="held_file"),
    path(f"{ENVELOPE}/recipients", recipients_step.recipients, name="recipients"),
    path(f"{ENVELOPE}/review", review_step.review, name="review"),
    path(f"{ENVELOPE}/sent", review_step.sent, name="sent"),
    path(f"{ENVELOPE}/withdraw", acts.withdraw, name="withdraw"),
    path(f"{ENVELOPE}/recipients/<uuid:recipient>/again", acts.ask_again, name="ask_again"),
    path(f"{ENVELOPE}/duplicate", acts.duplicate, name="duplicate"),
    path(f"{ENVELOPE}/concluded/<int:position>.pdf", files.concluded, name="concluded"),
    path(f"{ENVELOPE}/concluded.zip", files.everything, name="everything"),
    path(f"{ENVELOPE}/evidence.zip", evidence.evidence, name="evidence"),
    path(f"{ENVELOPE}/bundle.zip", evidence.bundle, name="bundle"),
    path(f"{ENVELOPE}/sign", signing.review, name="sign"),
    path(f"{ENVELOPE}/sign/confirm", signing.confirm, name="sign_confirm"),
    path(f"{ENVELOPE}/sign/done", signing.done, name="sign_done"),
    path(f"{ENVELOPE}/sign/decline", signing.refuse, name="sign_decline"),
    path(DOCUMENT, viewing.document, name="document"),
    path(f"{DOCUMENT}/pages/<int:number>", files.picture, name="picture"),
    path(f"{DOCUMENT}/glance/<int:number>", files.glance, name="glance"),
    path(f"{DOCUMENT}/upload.pdf", files.upload, name="upload"),
    path(f"{DOCUMENT}/copy.pdf", files.copy, name="copy"),
    path(f"{DOCUMENT}/unfinished.pdf", files.unfinished, name="unfinished"),
    path("documents", documents.documents, name="documents"),
    path("documents/export.csv", documents.export, name="documents_export"),
    path("documents/validity", renewals.validity, name="validity"),
    path("documents/validity.csv", renewals.export, name="validity_export"),
    path("documents/samples", samples.samples, name="samples"),
    path("documents/samples/new", samples.new, name="sample_new"),
    path("documents/samples/<uuid:pk>", samples.sample, name="sample"),
    path("documents/samples/<uuid:pk>/report.pdf", samples.report, name="sample_report"),
    path("documents/samples/<uuid:pk>/bundles.zip", samples.bundles, name="sample_bundles"),
    path("counterparties", registrations.registrations, name="counterparties"),
    path("counterparties/new", registrations.enter, name="registration_new"),
    path("counterparties/<uuid:pk>", registrations.registration, name="registration"),
    path("backups", backups.backups, name="backups"),
    path("backups/drills/<uuid:pk>.pdf", backups.report, name="drill_report"),
    path("me", me.me, name="me"),
]
