from django.apps import AppConfig


class OutboxConfig(AppConfig):
    name = "tachiai.outbox"
    label = "outbox"

    def ready(self) -> None:
        from tachiai.outbox import checks  # noqa: F401  # registers itself
