from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "tachiai.ledger"
    label = "ledger"
