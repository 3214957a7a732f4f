from __future__ import annotations

import pytest

from kro.core.notices import Language, Template
from kro.core.notifications import Previews, Templates

PREVIEWS = Previews(Templates())


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("template", Template)
def test_every_template_can_be_looked_at_by_every_channel_of_its(template: Template, language: Language) -> None:
    for channel in PREVIEWS.channels_of(template):
        assert PREVIEWS.show(template, language=language, channel=channel).text
