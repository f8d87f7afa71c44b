from django.apps import AppConfig


class VaultConfig(AppConfig):
    name = "tachiai.vault"
    label = "vault"
