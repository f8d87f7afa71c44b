from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "tachiai.web"
    label = "web"
