from django.apps import AppConfig


class BackupsConfig(AppConfig):
    name = "tachiai.backups"
    label = "backups"
