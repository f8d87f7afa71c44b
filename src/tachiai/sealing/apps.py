from django.apps import AppConfig


class SealingConfig(AppConfig):
    name = "tachiai.sealing"
    label = "sealing"
