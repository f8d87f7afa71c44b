from django.apps import AppConfig


class CounterpartiesConfig(AppConfig):
    name = "tachiai.counterparties"
    label = "counterparties"
