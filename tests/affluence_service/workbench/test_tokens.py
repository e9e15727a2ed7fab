"""The colours, letters and spaces of the screens are those of the reports."""

from pathlib import Path

SOURCE = Path(__file__).resolve().parents[3] / "src"


def test_screens_and_reports_have_the_same_tokens() -> None:
    of_screens = SOURCE / "affluence_service/workbench/static/workbench/tokens.css"
    of_reports = SOURCE / "affluence/reporting/templates/tokens.css"
    assert of_screens.read_text() == of_reports.read_text()
