"""Who did which step of a workflow and when, as a table. Knows no workflow in particular."""

from controller.console.sheets import SOFT, Cell, Section, Table, when
from controller.console.words import said, say
from controller.workflow import Workflow, words


def steps_of(item: Workflow) -> Section:
    """Every step of the item, the first one first."""
    labels = dict(item._meta.get_field("state").choices)  # type: ignore[misc]  # of the model
    rows = [
        [
            Cell(said(words(step.name).capitalize()), small=step.note),
            when(step.at_s),
            Cell(step.actor, look=SOFT),
            Cell(said(str(labels.get(step.state, step.state))), look=SOFT),
        ]
        for step in item.steps.all()
    ]
    heads = [say("Step"), say("When"), say("By"), say("Afterwards")]
    return Section(say("What was done"), Table(heads, rows, say("None yet.")))
