from django.apps import AppConfig


class TrustConfig(AppConfig):
    name = "wholechild.trust"
    label = "trust"
