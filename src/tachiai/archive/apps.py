from django.apps import AppConfig


class ArchiveConfig(AppConfig):
    name = "tachiai.archive"
    label = "archive"
