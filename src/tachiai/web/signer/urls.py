"""The ceremony's addresses, all behind one link: /s/<token>."""

from __future__ import annotations

from django.urls import path

from tachiai.web.signer import completing, declining, entering, forwarding, proving, reviewing

app_name = "signer"
urlpatterns = [
    path("<str:token>", entering.entry, name="entry"),
    path("<str:token>/otp", entering.one_time, name="one_time"),
    path("<str:token>/again", entering.ask_again, name="again"),
    path("<str:token>/review", reviewing.review, name="review"),
    path("<str:token>/documents/<int:place>/pages/<int:number>", reviewing.picture, name="picture"),
    path("<str:token>/documents/<int:place>/copy.pdf", reviewing.copy, name="copy"),
    path("<str:token>/later", reviewing.later, name="later"),
    path("<str:token>/authenticator", proving.authenticator, name="authenticator"),
    path("<str:token>/passkey", proving.passkey, name="passkey"),
    path("<str:token>/confirm", completing.confirm, name="confirm"),
    path("<str:token>/done", completing.done, name="done"),
    path("<str:token>/decline", declining.decline, name="decline"),
    path("<str:token>/declined", declining.declined, name="declined"),
    path("<str:token>/forward", forwarding.forward, name="forward"),
    path("<str:token>/forwarded", forwarding.forwarded, name="forwarded"),
]
