"""The languages a person can be written to in."""

from django.db import models


class Language(models.TextChoices):
    JA = "ja", "日本語"
    EN = "en", "English"
