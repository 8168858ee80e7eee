"""Which plants a member of staff sees, and which consumer a consumer's login belongs to.

A role is a group of Django's, by the name in `rules.ROLES`; the head office sees every plant.
"""

from django.conf import settings
from django.db import models

from controller.consumers.models import Consumer, Plant


class UserPlant(models.Model):
    """The user sees this plant."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="user_plants"
    )
    plant = models.ForeignKey(Plant, on_delete=models.CASCADE, related_name="user_plants")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "plant"], name="user_plant_once")]

    def __str__(self) -> str:
        return f"{self.user_id} sees {self.plant_id}"


class UserState(models.Model):
    """The user sees every plant of this state (two letters), also those that come later."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="user_states"
    )
    state = models.CharField(max_length=2)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "state"], name="user_state_once")]

    def __str__(self) -> str:
        return f"{self.user_id} sees {self.state}"


class ConsumerLogin(models.Model):
    """The user is this consumer, and sees this account only."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="consumer_login"
    )
    consumer = models.ForeignKey(Consumer, on_delete=models.CASCADE, related_name="logins")

    def __str__(self) -> str:
        return f"{self.user_id} is {self.consumer_id}"
