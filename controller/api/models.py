"""The keys by which points of sale are known. A key is shown once; here is its hash only."""

from django.db import models

from controller.payments.models import PointOfSale


class ApiKey(models.Model):
    """One key of a point of sale, and the bucket of tokens that bounds how often it may ask.

    `digest` is SHA-256 of a secret of 256 random bits: there is nothing to guess, so no slow hash.
    """

    id = models.CharField(primary_key=True, max_length=8)
    point_of_sale = models.ForeignKey(
        PointOfSale, on_delete=models.PROTECT, related_name="api_keys"
    )
    digest = models.CharField(max_length=64)
    note = models.CharField(max_length=80, blank=True, default="")
    created_s = models.BigIntegerField()
    revoked_s = models.BigIntegerField(null=True, default=None)
    last_used_s = models.BigIntegerField(null=True, default=None)
    bucket = models.PositiveIntegerField()  # requests left
    filled_s = models.BigIntegerField()

    class Meta:
        ordering = ["created_s", "id"]

    def __str__(self) -> str:
        return f"key {self.id} of {self.point_of_sale_id}"
