"""Whoever is refused is told why, in words of her language."""

import re
from pathlib import Path

from host_tools.host.care import cases
from host_tools.host.web.look.words import languages
from tests.kit.whole_site import PLACE, cookies, whole

HOST = Path(__file__).parents[4] / "host_tools" / "host"


def test_each_refusal_that_names_its_words_has_them() -> None:
    named = {
        key
        for path in HOST.rglob("*.py")
        for call in re.findall(r"UserError\((.*?)\n\s*\)|UserError\((.*)\)$", path.read_text(), re.S | re.M)
        for key in re.findall(r'page="(\w+)"', "".join(call))
    }
    assert len(named) > 20
    for words in languages().values():
        assert not {key for key in named if f"refusals.{key}" not in words.keys}


def test_whoever_is_refused_reads_why_in_her_language(tmp_path: Path) -> None:
    with whole(tmp_path / "data") as (made, served):
        with made.ledger.writing() as connection:
            cases.open_case(connection, "tamper", key="1", at_ms=made.at_ms)
        served.client.cookies.update(cookies(made.session) | {"language": "ko"})
        made.reason(served.client)
        door = f"/console/sites/{PLACE}/1"
        asked = (
            ("/console/cases/1/close", {"outcome": "nothing of the list"}, "목록에서 고르세요"),
            ("/console/cases/1/give-back", {}, "내놓을 일이 없습니다"),
            ("/console/cases/1/note", {"words": " "}, "몇 마디 적어"),
            ("/console/cases/999/take", {}, "그런 일이 없습니다"),
            (f"{door}/7/vouch", {}, "확인이 필요한 택배가 아닙니다"),
            (f"{door}/3/recall", {"sure": "yes", "reason": "recall"}, "택배"),
            (f"{door}/7/reissue", {"sure": "yes", "reason": "none"}, "까닭을 목록에서"),
            ("/console/residents/add/enter", {"name": " "}, "이름은 인쇄할 수 있는"),
            ("/console/residents/1/rename", {"name": "x", "unit": "1" * 40, "reason": "request"}, "호수는"),
            (
                "/console/residents/1/erase",
                {"code": "000000", "reason": "request"},
                "보관 중인 택배가 있습니다",
            ),
        )
        for path, fields, words in asked:
            form = {"form": made.session.form_token, **fields}
            answer = served.client.post(path, data=form, follow_redirects=True)
            assert words in answer.text, (path, re.findall(r'lang="en">(.*?)</p>', answer.text))
            assert '<p lang="en">' not in answer.text, path
        odd = served.client.get("/console?told=refused&why=<script>").text
        assert "refusals" not in odd
