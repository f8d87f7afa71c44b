from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "tachiai.web"
    label = "web"

    def ready(self) -> None:
        from tachiai.web.logins import keep_logins_on_record

        keep_logins_on_record()
