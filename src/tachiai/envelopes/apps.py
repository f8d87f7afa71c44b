from django.apps import AppConfig


class EnvelopesConfig(AppConfig):
    name = "tachiai.envelopes"
    label = "envelopes"
