from django.apps import AppConfig


class SealingConfig(AppConfig):
    name = "tachiai.sealing"
    label = "sealing"

    def ready(self) -> None:
        from tachiai.sealing import checks  # noqa: F401  # registers itself
