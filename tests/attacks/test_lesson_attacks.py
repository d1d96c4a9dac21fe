"""Ways to make a lesson run that two people did not adopt, or that is not what they signed; each is carried out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from threading import Thread
from typing import Any

import pytest

from tests.databases import AT
from tests.integration.panels import (
    LATER,
    LESSON,
    analyst,
    director,
    install,
    manager,
    propose,
    running,
    sign,
    terms,
    text,
)
from tests.integration.worlds import EVERYONE, counts, seat

pytestmark = pytest.mark.usefixtures("own_database")


def refused(act: Callable[[], Any]) -> str:
    from wholechild.patterns.life.actions import Refused

    before = counts()
    with pytest.raises(Refused) as wrong:
        act()
    assert counts() == before
    return str(wrong.value)


def bad() -> Any:
    from wholechild.trust.queries import verify

    verdict = verify()
    assert verdict.ok == (verdict.first_bad is None)
    return verdict.first_bad


@pytest.fixture
def proposed() -> str:
    """The library is adopted, and a second version of one lesson is proposed by an analyst; its text."""
    install()
    written = text()
    propose(analyst(), written)
    assert running()[LESSON] == 1
    return written


# -- who signs ---------------------------------------------------------------------------------------------------------


def test_the_same_person_twice(proposed: str) -> None:
    by = director()
    sign(by, terms(proposed))
    assert "signed this already" in refused(lambda: sign(by, terms(proposed)))
    assert running()[LESSON] == 1
    assert sign(manager(), terms(proposed)).complete, (
        "the attack would have worked: another person's signature does"
    )


def test_the_same_person_twice_in_another_role(proposed: str) -> None:
    """A second role does not make a second person."""
    sign(director("dee"), terms(proposed))
    again = seat("dee", "named_doctor", "icb/Northmoor", AT + timedelta(hours=1))
    assert "signed this already" in refused(lambda: sign(again, terms(proposed), at=AT + timedelta(hours=2)))


def test_who_proposed_does_not_adopt_in_any_role() -> None:
    install()
    written = text()
    by = manager()
    propose(by, written)
    assert "You proposed this version" in refused(lambda: sign(by, terms(written)))
    promoted = seat(
        by.user, "director_of_childrens_services", "local_authority/Northmoor", AT + timedelta(hours=1)
    )
    assert "You proposed this version" in refused(
        lambda: sign(promoted, terms(written), at=AT + timedelta(hours=2))
    )
    sign(director("dee"), terms(written))
    assert running()[LESSON] == 1
    assert "You proposed this version" in refused(lambda: sign(by, terms(written)))
    assert sign(director("dov"), terms(written)).complete


def test_a_teacher_tries_to_adopt(proposed: str) -> None:
    by = seat("tim", "teacher", "school/Northmoor/Oakfield Primary", AT)
    assert "Your role may not adopt" in refused(lambda: sign(by, terms(proposed)))


def test_a_role_that_is_only_claimed(proposed: str) -> None:
    """On the command line a name is typed; the role is the one that the account holds."""
    from click.testing import CliRunner

    from wholechild.cli.main import cli

    seat("tim", "teacher", "school/Northmoor/Oakfield Primary", AT)
    adopt = [
        "lessons",
        "adopt",
        LESSON,
        "2",
        "--from",
        "2027-01-04",
        "--nation",
        "england",
        "--why",
        "x",
        "--now",
        "2026-03-02T10:00:00",
    ]
    for name in ("tim", "nobody", "system:installation"):
        assert CliRunner().invoke(cli, [*adopt, "--as", name]).exit_code == 1
    assert running()[LESSON] == 1


def test_two_first_signatures_at_one_moment(proposed: str) -> None:
    """Both are asked for at once, from two connections: one waits for the other, and so becomes the second."""
    from django.db import connection

    people = [director(), manager()]
    done: list[bool] = []

    def signing(by: Any) -> None:
        try:
            done.append(sign(by, terms(proposed)).complete)
        finally:
            connection.close()

    threads = [Thread(target=signing, args=(by,)) for by in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(done) == [False, True]
    assert running()[LESSON] == 2


# -- what is signed ----------------------------------------------------------------------------------------------------


def adopt_it(written: str) -> None:
    sign(director(), terms(written))
    assert sign(manager(), terms(written)).complete


def forget_what_was_read() -> None:
    """As another process would find it."""
    from wholechild.patterns.life.queries import _lesson

    _lesson.cache_clear()


def test_a_direct_update_of_an_adopted_text(proposed: str, as_superuser: Any) -> None:
    from wholechild.patterns.life.queries import LessonUnreadable

    adopt_it(proposed)
    as_superuser.execute(
        "UPDATE patterns_lessonproposal SET text = replace(text, '12 weeks', '1 week') WHERE lesson = %s AND version = 2", [LESSON]
    )  # fmt: skip
    forget_what_was_read()
    with pytest.raises(LessonUnreadable, match="was changed"):
        running()
    found = bad()
    assert found.fact_kind == "lesson_proposal"
    forget_what_was_read()


def test_an_adopted_text_changed_together_with_its_hash(proposed: str, as_superuser: Any) -> None:
    """The hash of the changed text is written everywhere: the ledger still holds the old one."""
    from wholechild.patterns.life.trying import hash_of

    adopt_it(proposed)
    changed = proposed.replace("12 weeks", "1 week")
    new, old = hash_of(changed), hash_of(proposed)
    as_superuser.execute(
        "UPDATE patterns_lessonproposal SET text = %s, sha256 = %s WHERE sha256 = %s", [changed, new, old]
    )
    for table in ("patterns_lessondecision", "patterns_lessonversion"):
        as_superuser.execute(f"UPDATE {table} SET sha256 = %s WHERE sha256 = %s", [new, old])
    found = bad()
    assert found.fact_kind in ("lesson_proposal", "lesson_decision", "lesson_version")
    assert "not the one that was committed to" in found.why


def test_a_forged_hash_under_a_proposal(proposed: str, as_superuser: Any) -> None:
    """The label is made to fit a harmless text, the text behind it is another: whoever signs, signs nothing."""
    from wholechild.patterns.life.trying import hash_of

    harmless = hash_of(text(2, "A harmless title"))
    as_superuser.execute(
        "UPDATE patterns_lessonproposal SET sha256 = %s WHERE lesson = %s AND version = 2", [harmless, LESSON]
    )
    by = director()
    assert "its hash is another" in refused(lambda: sign(by, terms(text(2, "A harmless title"))))
    assert bad().fact_kind == "lesson_proposal"


def test_a_forged_hash_under_terms(proposed: str) -> None:
    by = director()
    assert "Nobody proposed this text" in refused(
        lambda: sign(by, terms(proposed.replace("12 weeks", "1 week")))
    )


def test_a_signature_slipped_in_beside_the_actions(proposed: str, as_superuser: Any) -> None:
    """With a leaf of its own: the ledger is whole, and the decision still has one person's name twice."""
    from wholechild.patterns.life.queries import lessons_in_force
    from wholechild.patterns.models import LessonDecision
    from wholechild.trust.actions import add_facts

    first = sign(director(), terms(proposed))
    row = LessonDecision.objects.get(pk=first.decision)
    row.pk, row.seconds, row.why = "adopt-slipped", first.decision, "slipped in"
    add_facts(by="dee", purpose="x", at=AT, act="lesson.adopt", facts=[row], salts=EVERYONE["salts"])
    assert lessons_in_force
    assert running()[LESSON] == 1, "it counts for nothing"
    found = bad()
    assert (found.fact_kind, found.why) == ("lesson_decision", "one person signed twice")


def test_the_proposers_signature_slipped_in(proposed: str) -> None:
    from wholechild.patterns.models import LessonDecision
    from wholechild.trust.actions import add_facts

    first = sign(director(), terms(proposed))
    row = LessonDecision.objects.get(pk=first.decision)
    row.pk, row.seconds, row.signed_by = "adopt-slipped", first.decision, "ana"
    add_facts(by="ana", purpose="x", at=AT, act="lesson.adopt", facts=[row], salts=EVERYONE["salts"])
    assert running()[LESSON] == 1, "it counts for nothing"
    assert bad().why == "who proposed it also adopted it"


def test_what_says_that_it_came_with_the_installation(proposed: str) -> None:
    """One row would be enough, without any second signature, if it were believed."""
    from wholechild.patterns.models import LessonDecision
    from wholechild.trust.actions import add_facts

    first = sign(director(), terms(proposed))
    row = LessonDecision.objects.get(pk=first.decision)
    row.pk, row.signed_by, row.starts_on = "adopt-slipped", "system:installation", None
    row.signed_at = AT + timedelta(hours=1)
    add_facts(by="dee", purpose="x", at=AT, act="lesson.adopt", facts=[row], salts=EVERYONE["salts"])
    assert running()[LESSON] == 1, "it counts for nothing"
    assert "came later" in bad().why


def test_a_second_signature_under_other_terms(proposed: str) -> None:
    from wholechild.patterns.models import LessonDecision
    from wholechild.trust.actions import add_facts

    first = sign(director(), terms(proposed))
    row = LessonDecision.objects.get(pk=first.decision)
    row.pk, row.seconds, row.signed_by, row.nations = "adopt-slipped", first.decision, "max", ["wales"]
    add_facts(by="max", purpose="x", at=AT, act="lesson.adopt", facts=[row], salts=EVERYONE["salts"])
    assert running()[LESSON] == 1, "it counts for nothing"


def test_a_decision_about_a_text_that_nobody_proposed(proposed: str) -> None:
    from wholechild.patterns.models import LessonDecision
    from wholechild.trust.actions import add_facts

    first = sign(director(), terms(proposed))
    row = LessonDecision.objects.get(pk=first.decision)
    row.pk, row.version = "adopt-slipped", 3
    add_facts(by="dee", purpose="x", at=AT, act="lesson.adopt", facts=[row], salts=EVERYONE["salts"])
    assert bad().why == "the decision is about a text that nobody proposed"


def test_a_second_text_for_one_version(proposed: str) -> None:
    """The id of a sealed version is its name and number: the database itself has no room for a second."""
    from django.db import IntegrityError, transaction

    from wholechild.patterns.models import LessonVersion

    adopt_it(proposed)
    row = LessonVersion.objects.get(pk=f"{LESSON}/2")
    row.sha256 = "0" * 64
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save(force_insert=True)


def test_a_removed_retirement(proposed: str, as_superuser: Any) -> None:
    gone = terms(text(1), version=1)
    sign(director(), gone, act="retire")
    sign(manager(), gone, act="retire")
    assert LESSON not in running(LATER)
    as_superuser.execute("DELETE FROM patterns_lessondecision WHERE decision = 'retire'")
    assert "the fact that this leaf commits to is missing" in bad().why
