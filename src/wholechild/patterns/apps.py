from django.apps import AppConfig


class PatternsConfig(AppConfig):
    name = "wholechild.patterns"
    label = "patterns"
