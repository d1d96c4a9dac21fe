import wholechild.trust.fields
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('people', '0005_search'),
    ]

    operations = [
        migrations.CreateModel(
            name='LinkageReport',
            fields=[
                ('id', wholechild.trust.fields.Word(db_collation='C', primary_key=True, serialize=False)),
                ('salt', models.BinaryField(max_length=32)),
                ('model', wholechild.trust.fields.Word(db_collation='C')),
                ('sampled', models.BooleanField()),
                ('figures', models.JSONField()),
                ('made_at', models.DateTimeField()),
                ('by', wholechild.trust.fields.Word(db_collation='C')),
            ],
            options={
                'abstract': False,
            },
        ),
    ]
