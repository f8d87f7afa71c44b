"""The ledger's public side, under /log/. Addresses below an epoch are those of C2SP tlog-tiles."""

from __future__ import annotations

from django.urls import path

from tachiai.web.public import log

app_name = "log"
urlpatterns = [
    path("", log.log, name="log"),
    path("e<int:number>/checkpoint", log.checkpoint, name="checkpoint"),
    path("e<int:number>/checkpoint/<int:size>.txt", log.note, name="note"),
    path("e<int:number>/checkpoint/<int:size>.tst", log.token, name="token"),
    path("e<int:number>/checkpoint/<int:size>.<int:which>.tst", log.later_token, name="later_token"),
    path("e<int:number>/tile/<path:rest>", log.tile, name="tile"),
]
