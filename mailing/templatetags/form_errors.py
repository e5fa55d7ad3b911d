"""Template filter for the box that lists a form's errors."""

from django import forms, template

register = template.Library()


@register.filter
def errors_title(form: forms.BaseForm) -> str:
    """« Un point est à revoir », or « 3 points sont à revoir »."""
    count = sum(len(errors) for errors in form.errors.values())
    return "Un point est à revoir" if count == 1 else f"{count}\u00a0points sont à revoir"
