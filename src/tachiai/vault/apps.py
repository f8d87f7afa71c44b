from django.apps import AppConfig


class VaultConfig(AppConfig):
    name = "tachiai.vault"
    label = "vault"

    def ready(self) -> None:
        from tachiai.vault import checks, store_checks  # noqa: F401  # they register themselves
