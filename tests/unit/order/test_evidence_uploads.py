from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from kro.core.decisions import Decision, Insert, Update
from kro.order.database.records import EvidenceUpload, HeldSlot, OrderState, UploadingState
from kro.order.database.words import Party, UploadStatus
from kro.order.domain import errors
from kro.order.domain.decide_upload import (
    AnnouncedFile,
    EvidenceRules,
    decide_begin_upload,
    decide_complete_upload,
    decide_expect_file,
)
from order_scenes import NOW, SELLER, context, created, funded

RULES = EvidenceRules(
    max_bytes=1_000,
    files_per_order=2,
    pending_per_user=2,
    upload_within=timedelta(minutes=15),
    complete_within=timedelta(hours=1),
    download_within=timedelta(minutes=5),
)
FILE = AnnouncedFile("waybill.pdf", "application/pdf", 1_000, "b" * 64, "c" * 64)
HOUR = timedelta(hours=1)


def seen(order: OrderState, *, files: int = 0) -> UploadingState:
    evidence_ids = tuple(UUID(int=n) for n in range(files))
    return UploadingState(replace(order, viewer=Party.SELLER, evidence_ids=evidence_ids))


def held(slot: int, *, until: timedelta) -> HeldSlot:
    return HeldSlot(slot=slot, upload_id=UUID(int=900 + slot), version=4, expires_at=NOW + until)


def begun(state: UploadingState) -> EvidenceUpload:
    return decide_begin_upload(state, FILE, rules=RULES, context=context(SELLER)).value


def written(decision: Decision) -> list[tuple[str, str]]:
    return [(type(write).__name__, write.table) for write in decision.writes]


class TestBegin:
    def test_expects_the_file_for_an_hour(self) -> None:
        state = seen(funded())

        outcome = decide_begin_upload(state, FILE, rules=RULES, context=context(SELLER))

        upload = outcome.value
        assert (upload.status, upload.expires_at, upload.uploaded_by) == (UploadStatus.PENDING, NOW + HOUR, SELLER)
        assert upload.slot in {1, 2}
        assert written(outcome.decision) == [("Insert", "evidence_uploads")]

    def test_takes_a_slot_that_is_free(self) -> None:
        state = replace(seen(funded()), slots=(held(1, until=HOUR),))

        assert begun(state).slot == 2

    def test_takes_a_slot_from_an_upload_that_is_over(self) -> None:
        state = replace(seen(funded()), slots=(held(1, until=HOUR), held(2, until=timedelta(0))))

        outcome = decide_begin_upload(state, FILE, rules=RULES, context=context(SELLER))

        freed, inserted = outcome.decision.writes
        assert freed == Update("evidence_uploads", UUID(int=902), 4, {"slot": None})
        assert isinstance(inserted, Insert)
        assert outcome.value.slot == 2

    def test_needs_a_slot(self) -> None:
        state = replace(seen(funded()), slots=(held(1, until=HOUR), held(2, until=timedelta(seconds=1))))

        with pytest.raises(errors.TooManyUploadsError):
            begun(state)

    def test_needs_room_in_the_order(self) -> None:
        assert begun(seen(funded(), files=1)).status is UploadStatus.PENDING
        with pytest.raises(errors.TooManyFilesError):
            begun(seen(funded(), files=2))

    def test_is_for_files_that_are_not_too_large(self) -> None:
        with pytest.raises(errors.FileTooLargeError, match="1000 bytes"):
            decide_begin_upload(seen(funded()), replace(FILE, size_bytes=1_001), rules=RULES, context=context(SELLER))

    def test_is_for_orders_that_take_evidence(self) -> None:
        with pytest.raises(errors.IllegalTransitionError):
            begun(seen(created()))


class TestExpectFile:
    def test_holds_no_slot(self) -> None:
        state = replace(seen(funded()), slots=(held(1, until=HOUR), held(2, until=HOUR)))

        upload = decide_expect_file(state, FILE, rules=RULES, context=context(SELLER)).value

        assert (upload.slot, upload.status) == (None, UploadStatus.PENDING)


class TestComplete:
    def completed(self, state: UploadingState, *, after: timedelta = timedelta(0)) -> Decision:
        outcome = decide_complete_upload(
            state, "d" * 64, evidence_id=UUID(int=77), rules=RULES, context=context(SELLER, now=NOW + after)
        )
        return outcome.decision

    def test_pins_the_digest_into_the_timeline_and_frees_the_slot(self) -> None:
        state = seen(funded())
        state = replace(state, upload=begun(state))

        decision = self.completed(state)

        assert written(decision) == [("Update", "orders"), ("Insert", "evidence"), ("Update", "evidence_uploads")]
        assert decision.events[0].data["sha256"] == "d" * 64
        update = decision.writes[2]
        assert isinstance(update, Update)
        assert (update.version, update.changes["slot"], update.changes["evidence_id"]) == (1, None, UUID(int=77))

    def test_changes_nothing_the_second_time(self) -> None:
        state = seen(funded(), files=2)
        upload = replace(begun(seen(funded())), status=UploadStatus.COMPLETED, evidence_id=UUID(int=77))
        first = replace(seen(funded()), upload=begun(seen(funded())))
        evidence = decide_complete_upload(
            first, "d" * 64, evidence_id=UUID(int=77), rules=RULES, context=context(SELLER)
        ).value
        again = replace(state, upload=upload, evidence=evidence)

        outcome = decide_complete_upload(
            again, None, evidence_id=UUID(int=78), rules=RULES, context=context(SELLER, now=NOW + 9 * HOUR)
        )

        assert (outcome.decision, outcome.value) == (Decision(), evidence)

    def test_needs_an_upload_of_ones_own(self) -> None:
        with pytest.raises(errors.UploadNotFoundError):
            self.completed(seen(funded()))

    def test_has_a_time(self) -> None:
        state = seen(funded())
        state = replace(state, upload=begun(state))

        assert self.completed(state, after=HOUR - timedelta(seconds=1)) != Decision()
        with pytest.raises(errors.UploadExpiredError):
            self.completed(state, after=HOUR)

    def test_is_over_once_the_worker_has_claimed_it(self) -> None:
        state = seen(funded())
        state = replace(state, upload=replace(begun(state), status=UploadStatus.EXPIRED))

        with pytest.raises(errors.UploadExpiredError):
            self.completed(state)

    def test_needs_room_in_the_order(self) -> None:
        state = replace(seen(funded(), files=2), upload=begun(seen(funded())))

        with pytest.raises(errors.TooManyFilesError):
            self.completed(state)
