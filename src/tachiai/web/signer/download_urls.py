"""The addresses of a concluded envelope's files, all behind one link: /d/<token>."""

from __future__ import annotations

from django.urls import path

from tachiai.web.signer import downloading, reissuing

app_name = "download"
urlpatterns = [
    path("<str:token>", downloading.entry, name="entry"),
    path("<str:token>/otp", downloading.one_time, name="one_time"),
    path("<str:token>/files", downloading.files, name="files"),
    path("<str:token>/files/<int:place>.pdf", downloading.file, name="file"),
    path("<str:token>/files.zip", downloading.bundle, name="bundle"),
    path("<str:token>/evidence.zip", downloading.evidence, name="evidence"),
    path("<str:token>/reissue", reissuing.reissue, name="reissue"),
    path("<str:token>/again", downloading.ask_again, name="again"),
]
