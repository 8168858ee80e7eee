"""What was set, when and by whom. A version is never edited: a later one supersedes it."""

from django.db import models

from controller.append_only import AppendOnly, AppendOnlyRows


class SettingVersion(AppendOnly):
    """The value of one setting from `from_s` on, until a later version of it."""

    name = models.CharField(max_length=40)
    value = models.JSONField()
    from_s = models.BigIntegerField()
    actor = models.CharField(max_length=80)

    objects = AppendOnlyRows.as_manager()

    class Meta:
        verbose_name = "utility profile"
        ordering = ["pk"]
        indexes = [models.Index(fields=["name", "id"], name="profile_latest")]

    def __str__(self) -> str:
        return f"{self.name} = {self.value!r} from {self.from_s}"
