from django.apps import AppConfig


class PagesConfig(AppConfig):
    name = "wholechild.pages"
    label = "pages"
