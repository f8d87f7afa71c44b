from django.apps import AppConfig


class OutboxConfig(AppConfig):
    name = "tachiai.outbox"
    label = "outbox"
