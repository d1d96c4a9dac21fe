from django.apps import AppConfig


class RecordsConfig(AppConfig):
    name = "wholechild.records"
    label = "records"
