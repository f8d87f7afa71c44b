from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "tachiai.ledger"
    label = "ledger"

    def ready(self) -> None:
        from tachiai.ledger import checks  # noqa: F401  # registers itself
