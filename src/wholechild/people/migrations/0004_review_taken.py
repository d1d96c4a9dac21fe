import django.contrib.postgres.fields
import wholechild.trust.fields
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('people', '0003_arrival'),
    ]

    operations = [
        migrations.CreateModel(
            name='ReviewTaken',
            fields=[
                ('id', wholechild.trust.fields.Word(db_collation='C', primary_key=True, serialize=False)),
                ('salt', models.BinaryField(max_length=32)),
                ('identities', django.contrib.postgres.fields.ArrayField(base_field=wholechild.trust.fields.Word(db_collation='C'), size=2)),
                ('gives_back', models.BooleanField(default=False)),
                ('taken_at', models.DateTimeField()),
                ('by', wholechild.trust.fields.Word(db_collation='C')),
            ],
            options={
                'indexes': [models.Index(fields=['identities', 'taken_at'], name='people_review_taken')],
            },
        ),
    ]
