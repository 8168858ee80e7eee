"""Lets templates speak: `{% say "Take {0}" amount %}` and `{{ text|said }}` (words.py)."""

from django import template

from controller.console import words

register = template.Library()

register.simple_tag(words.say, name="say")
register.simple_tag(words.language, name="language")
register.filter("said", words.said)


@register.simple_tag
def languages() -> list[tuple[str, str]]:
    """Every language's code and what its speakers call it."""
    return list(words.LANGUAGES.items())
