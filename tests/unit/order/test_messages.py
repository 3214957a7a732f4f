"""What the parties write to each other, as pure functions."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from kro.core.decisions import Decision
from kro.order.database.thread_records import Message, MessageState, ThreadState
from kro.order.database.thread_words import Author, MessageWarning, ReportCategory
from kro.order.domain.decide_message import (
    NewMessage,
    Report,
    decide_redact,
    decide_report,
    decide_write,
    message_item,
)
from kro.order.domain.errors import EvidenceNotFoundError
from kro.order.domain.thread_errors import (
    MessageFixedError,
    MessageReportedError,
    NotYourMessageError,
    OwnMessageError,
    ThreadClosedError,
)
from order_scenes import BUYER, NOW, SELLER, context

EVIDENCE = UUID(int=7)
THREAD = ThreadState(
    order_id=UUID(int=1),
    buyer_id=BUYER,
    seller_id=SELLER,
    title="Laptop",
    currency="NGN",
    amount=15_000_000,
    ended=False,
    viewer=Author.BUYER,
    last_seq=3,
    notified_at=None,
    blocked=False,
    evidence_ids=frozenset({EVIDENCE}),
)


def written(text: str = "Is it there?", **changes: object) -> Message:
    return replace(decide_write(THREAD, NewMessage(text), context=context()).value, **changes)  # type: ignore[arg-type]


def state(message: Message, *, contested: bool = False, reported: bool = False) -> MessageState:
    return MessageState(message, buyer_id=BUYER, seller_id=SELLER, contested=contested, reported=reported)


def notices(decision: Decision) -> list[object]:
    return [message.payload["user_id"] for message in decision.messages if message.topic == "notify"]


class TestWriting:
    def test_takes_the_next_number_and_tells_both_at_once(self) -> None:
        outcome = decide_write(THREAD, NewMessage("Here", (EVIDENCE, EVIDENCE)), context=context())

        assert (outcome.value.seq, outcome.value.evidence_ids) == (4, (EVIDENCE,))
        live = [message for message in outcome.decision.messages if message.topic == "realtime"]
        assert [(m.payload["users"], m.payload["event"], m.payload["data"]["seq"]) for m in live] == [
            ((BUYER, SELLER), "order.message", 4)
        ]

    def test_sends_nobody_what_is_hidden(self) -> None:
        outcome = decide_write(THREAD, NewMessage("Ring 08031234567"), context=context())

        assert outcome.value.original == "Ring 08031234567"
        assert "08031234567" not in str(outcome.decision.messages)
        assert outcome.value.warnings == (MessageWarning.PHONE_NUMBER,)

    @pytest.mark.parametrize(
        ("ago", "mailed"),
        [(None, True), (timedelta(minutes=29, seconds=59), False), (timedelta(minutes=30), True)],
    )
    def test_mails_the_other_once_in_a_while_and_texts_nobody(self, ago: timedelta | None, *, mailed: bool) -> None:
        thread = replace(THREAD, notified_at=NOW - ago if ago is not None else None)

        outcome = decide_write(thread, NewMessage("Hello"), context=context())

        assert notices(outcome.decision) == ([SELLER] if mailed else [])
        assert outcome.value.notified == mailed
        assert all(m.payload.get("channels") in (None, ["mail", "in_app"]) for m in outcome.decision.messages)

    def test_attaches_no_file_of_another_order(self) -> None:
        with pytest.raises(EvidenceNotFoundError):
            decide_write(THREAD, NewMessage("Here", (EVIDENCE, UUID(int=8))), context=context())

    @pytest.mark.parametrize(
        ("ended", "blocked", "refused"),
        [(True, True, True), (True, False, False), (False, True, False)],
    )
    def test_ends_only_with_an_ended_order_and_a_block(self, *, ended: bool, blocked: bool, refused: bool) -> None:
        thread = replace(THREAD, ended=ended, blocked=blocked)
        if refused:
            with pytest.raises(ThreadClosedError):
                decide_write(thread, NewMessage("Hello"), context=context())
        else:
            assert decide_write(thread, NewMessage("Hello"), context=context()).value.seq == 4


class TestTakingBack:
    @pytest.mark.parametrize("ago", [timedelta(0), timedelta(minutes=15)])
    def test_removes_the_words_for_both(self, ago: timedelta) -> None:
        outcome = decide_redact(state(written()), context=context(now=NOW + ago))

        assert [message_item(outcome.value, viewer_id=viewer)["text"] for viewer in (BUYER, SELLER)] == [None, None]
        assert outcome.decision.messages[0].payload["data"]["redacted_at"] == NOW + ago

    def test_is_for_the_author_alone(self) -> None:
        with pytest.raises(NotYourMessageError):
            decide_redact(state(written()), context=context(SELLER))

    def test_comes_too_late_after_fifteen_minutes(self) -> None:
        late = NOW + timedelta(minutes=15, microseconds=1)
        with pytest.raises(MessageFixedError):
            decide_redact(state(written()), context=context(now=late))

    def test_is_impossible_once_the_order_was_contested(self) -> None:
        with pytest.raises(MessageFixedError):
            decide_redact(state(written(), contested=True), context=context())

    def test_twice_changes_nothing_more(self) -> None:
        outcome = decide_redact(state(written(redacted_at=NOW)), context=context(now=NOW + timedelta(hours=1)))
        assert outcome.decision == Decision()


class TestReporting:
    COMMAND = Report(ReportCategory.FRAUD, None)

    def test_writes_one_report(self) -> None:
        report = decide_report(state(written()), self.COMMAND, context=context(SELLER)).value
        assert (report.reported_by, report.category) == (SELLER, ReportCategory.FRAUD)

    def test_is_about_the_other_and_happens_once(self) -> None:
        with pytest.raises(OwnMessageError):
            decide_report(state(written()), self.COMMAND, context=context())
        with pytest.raises(MessageReportedError):
            decide_report(state(written(), reported=True), self.COMMAND, context=context(SELLER))


class TestWhatEachSees:
    def test_only_the_author_reads_what_is_hidden(self) -> None:
        message = written("Mail a@b.ng")

        assert message_item(message, viewer_id=BUYER)["text"] == "Mail a@b.ng"
        assert message_item(message, viewer_id=SELLER)["text"] == "Mail [e-mail address hidden]"
        assert message_item(message, viewer_id=SELLER)["masked"] is True

    def test_an_admin_is_shown_as_one(self) -> None:
        message = written(author_kind=Author.ADMIN)
        assert message_item(message, viewer_id=None)["author"] == {"kind": "admin", "id": None}
