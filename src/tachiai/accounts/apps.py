from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "tachiai.accounts"
    label = "accounts"
