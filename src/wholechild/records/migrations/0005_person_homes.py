from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('records', '0004_person_details'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='personrow',
            index=models.Index(condition=models.Q(('uprn', ''), _negated=True), fields=['uprn'], name='records_person_uprn'),
        ),
        migrations.AddIndex(
            model_name='personrow',
            index=models.Index(condition=models.Q(('search_postcode', ''), _negated=True), fields=['search_postcode'], name='records_person_postcode'),
        ),
    ]
