from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "wholechild.people"
    label = "people"
