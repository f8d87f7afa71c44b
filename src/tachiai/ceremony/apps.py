from django.apps import AppConfig


class CeremonyConfig(AppConfig):
    name = "tachiai.ceremony"
    label = "ceremony"
