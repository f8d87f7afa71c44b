from django.apps import AppConfig


class WorkConfig(AppConfig):
    name = "tachiai.work"
    label = "work"
