"""The draft case: everything on record about an incident, put in order for the person who decides.

Composed from rows alone. A statement of fact carries the pointer to the exhibit, sighting, event, record or article
it rests on; where something is not established the draft says so, and the reasons against stand beside those for.
The owner is not in it. How it looks on paper is in cases/draft_documents.py.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from importlib.metadata import version as version_of
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from cases import dumping_act, vending_reasons
from cases.draft_content import (
    Checked,
    DraftContent,
    EventEntry,
    ExhibitEntry,
    Pointer,
    Reason,
    Section,
    Statement,
    When,
    Where,
    Who,
)
from cases.draft_timeline import Look, gap_seconds, standing, timeline
from cases.draft_words import (
    Value,
    clock_time,
    duration,
    local_time,
    percent,
    say,
    say_of,
    term,
    two_places,
    utc_time,
)
from cases.errors import UnknownIncident
from cases.languages import Bilingual
from cases.law.provisions import Article, Provision, provision_in_force
from cases.lifecycle import PROGRAM
from cases.reasons import ReasonShown, reasons_of
from detectors.dwell import Dwell
from evidence import case_rows, sufficiency
from evidence.derivatives import requests as derivatives
from models.enums import Act, ExhibitKind, ExhibitMoment, LadderAct, NoticeStatus, SightingKind, StepOutcome
from models.incidents import CaseEvent, DraftCase, Incident
from models.promises import Notice

SOFTWARE = f"streetwitness {version_of('streetwitness')}"
SHOWN_OF_DIGEST = 12

SHARE_NOT_SHOWN_WORTH_SAYING = 0.05
LOW_CONFIDENCE = 0.5
PARTLY_INSIDE = 0.5

# what a court would be told first, in this order
ORDER_OF_MOMENTS = (
    ExhibitMoment.BEFORE,
    ExhibitMoment.ENTRY,
    ExhibitMoment.DWELL_COMPLETE,
    ExhibitMoment.GRACE_END,
    ExhibitMoment.LEFT,
    ExhibitMoment.SHARPEST,
)
ORDER_OF_KINDS = (ExhibitKind.STILL, ExhibitKind.CLOSE_UP, ExhibitKind.CLIP, ExhibitKind.DERIVATIVE)
CARRY_THE_MATTER = ("prohibition", "penalty")
# findings of the sufficiency check that speak against the case itself; the others say what is still to be added
SPEAK_AGAINST = ("original", "camera_papers", "clock_error", "clock_source", "plate")


def compose(session: Session, incident_id: uuid.UUID, *, at: datetime) -> DraftCase:
    """The next version of the incident's draft, added to the session. Raises UnknownIncident.

    What of it may leave the house, masked, is asked for with it; a worker makes it.
    The incident is locked first, so that two who compose at once get two versions.
    """
    session.flush()
    if session.get(Incident, incident_id, with_for_update=True) is None:
        raise UnknownIncident(incident_id)
    rows = case_rows.load(session, incident_id)
    notices = session.scalars(
        select(Notice).where(Notice.incident_id == incident_id).order_by(Notice.promised_at, Notice.id)
    ).all()
    version = rows.draft.version + 1 if rows.draft else 1
    found = reasons_of(session, rows.incident)
    content = _Composition(rows, notices, found).content(version, at)
    draft = DraftCase(
        incident_id=incident_id,
        version=version,
        content=content.model_dump(mode="json"),
        made_at=at,
        software=SOFTWARE,
    )
    session.add(draft)
    session.flush()
    derivatives.ask_for_outside(session, incident_id, by=PROGRAM, reason=f"draft, version {version}", at=at)
    return draft


@dataclass(frozen=True)
class _Composition:
    """One incident's rows, and the parts of the draft that follow from them."""

    rows: case_rows.CaseRows
    notices: Sequence[Notice]
    reasons: Sequence[ReasonShown] = ()

    def content(self, version: int, at: datetime) -> DraftContent:
        return DraftContent(
            incident_id=self.incident.id,
            version=version,
            made_at=at,
            software=SOFTWARE,
            offence=self.incident.offence,
            conduct_on=self.rows.day,
            who=self.who,
            where=self.where,
            when=self.when,
            provision=self.provision,
            statements=tuple(self._statements()),
            exhibits=self.exhibits,
            timeline=tuple(timeline(self.looks, self.when)),
            shown_s=self.stood.shown_s,
            unseen_share=round(self.share_not_shown, 4),
            sufficiency=tuple(_checked(finding) for finding in self.findings),
            against=tuple(self._against()),
            events=tuple(
                EventEntry(seq=event.seq, act=event.act, to_state=event.to_state, actor=event.actor, at=event.at)
                for event in self.rows.events
            ),
        )

    # --- what the rows say

    @property
    def incident(self) -> Incident:
        return self.rows.incident

    @cached_property
    def who(self) -> Who:
        confirmed = next((event for event in self.rows.events if event.act is Act.CONFIRMED), None)
        return Who(
            plate=self.incident.plate,
            plate_confidence=self.incident.plate_confidence,
            vehicle_class=confirmed.facts.get("class") if confirmed else None,
        )

    @cached_property
    def where(self) -> Where:
        camera, version, incident = self.incident.camera, self.incident.geofence_version, self.incident
        return Where(
            site=camera.site.name,
            camera_id=camera.id,
            camera=camera.name,
            device_number=camera.device_number,
            lat=camera.lat,
            lon=camera.lon,
            geofence_id=version.geofence_id,
            geofence=version.geofence.name,
            geofence_version=version.version,
            polygon=tuple((float(x), float(y)) for x, y in version.polygon),
            box=(incident.box_x1, incident.box_y1, incident.box_x2, incident.box_y2),
            picture_width=self.rows.seen_with.width,
            picture_height=self.rows.seen_with.height,
        )

    @cached_property
    def when(self) -> When:
        incident = self.incident
        return When(
            timezone=incident.camera.site.timezone,
            first_seen=incident.first_seen_at,
            stopped=incident.stopped_at,
            dwell_complete=incident.confirmed_at,
            grace_ends=incident.grace_ends_at,
            last_seen=incident.last_seen_at,
            left=incident.left_at,
        )

    @cached_property
    def provision(self) -> Provision | None:
        return provision_in_force(self.incident.offence, self.rows.day)

    @cached_property
    def looks(self) -> list[Look]:
        return [
            Look(row.at, row.kind, row.until_at, row.confidence, row.share_inside, row.note)
            for row in self.rows.sightings
        ]

    @cached_property
    def standing_since(self) -> datetime:
        """From when its time counts: the stop, or the first sight where the stop is not shown."""
        return self.when.stopped or self.when.first_seen

    @cached_property
    def standing_looks(self) -> list[Look]:
        return [look for look in self.looks if self.standing_since <= look.at <= self.when.last_seen]

    @cached_property
    def least_share_inside(self) -> float | None:
        shares = [look.share_inside for look in self.standing_looks if look.share_inside is not None]
        return min(shares, default=None)

    @cached_property
    def stood(self) -> Dwell:
        return standing(self.looks, self.standing_since, self.when.last_seen)

    @cached_property
    def share_not_shown(self) -> float:
        return self.stood.not_shown_s / max(self.stood.shown_s + self.stood.not_shown_s, 1.0)

    @cached_property
    def findings(self) -> list[sufficiency.Finding]:
        return sufficiency.check(case_rows.sufficiency_facts(self.rows))

    @cached_property
    def exhibits(self) -> tuple[ExhibitEntry, ...]:
        ordered = sorted(
            self.rows.exhibits, key=lambda row: (ORDER_OF_MOMENTS.index(row.moment), ORDER_OF_KINDS.index(row.kind))
        )
        return tuple(
            ExhibitEntry(
                label=f"E{number}",
                id=row.id,
                kind=row.kind,
                moment=row.moment,
                sha256=row.sha256,
                size_bytes=row.sealed.size_bytes,
                media_type=row.sealed.media_type,
                from_at=row.from_at,
                to_at=row.to_at,
            )
            for number, row in enumerate(ordered, start=1)
        )

    @cached_property
    def act(self) -> Mapping[str, Any] | None:
        return dumping_act.act_of(self.rows.events)

    @cached_property
    def announcements(self) -> list[CaseEvent]:
        """Warnings that were said aloud, or may have been."""
        return [
            event
            for event in self.rows.events
            if event.act is Act.STEP_TAKEN
            and event.facts.get("act") == LadderAct.ANNOUNCE
            and event.facts.get("outcome") in (StepOutcome.PLAYED, StepOutcome.UNCONFIRMED)
        ]

    # --- the sentences

    def _statements(self) -> Iterable[Statement]:
        yield from self._say_who()
        yield from self._say_what()
        yield from self._say_where()
        yield from self._say_when()
        yield from self._say_what_came_after()

    def _say_who(self) -> Iterable[Statement]:
        pictures = self._exhibits_of(ExhibitKind.CLOSE_UP) or self._exhibits_of(ExhibitKind.STILL)
        carried = [*pictures, self._record_of_incident()]
        if self.who.plate is None:
            yield self._statement("who", "plate_not_established", carried)
        else:
            confidence = self.who.plate_confidence
            yield self._statement(
                "who",
                "plate_read",
                carried,
                plate=self.who.plate,
                confidence=two_places(confidence) if confidence is not None else term("never_measured"),
            )
        opened = self._events_of(Act.CONFIRMED) or [self._record_of_incident()]
        if self.who.vehicle_class is None:
            yield self._statement("who", "vehicle_class_not_established", opened)
        else:
            yield self._statement("who", "vehicle_class", opened, vehicle_class=term(self.who.vehicle_class))

    def _say_what(self) -> Iterable[Statement]:
        share = self.least_share_inside
        yield self._statement(
            "what",
            "conduct",
            [self._sightings(self.standing_since, self.when.last_seen), *self._exhibits_of(ExhibitKind.STILL)],
            since=self._local(self.standing_since),
            until=self._local(self.when.last_seen),
            geofence=self.where.geofence,
            version=self.where.geofence_version,
            length=duration((self.when.last_seen - self.standing_since).total_seconds()),
            shown=duration(self.stood.shown_s),
            share=percent(share) if share is not None else term("never_measured"),
        )
        yield from self._say_by_which_signs()
        yield from self._say_by_whom()
        if self.provision is None:
            yield self._statement(
                "what",
                "provision_unknown",
                [self._law_data()],
                on=self.rows.day.isoformat(),
                offence=term(self.incident.offence.value),
            )
            return
        cited = [_article(article) for article in self.provision.article if article.cited_for in CARRY_THE_MATTER]
        yield self._statement("what", "provision", cited, name=self.provision.name, penalty=self.provision.penalty)
        competence = self.provision.competence
        yield self._statement(
            "what",
            "competence",
            [_article(self.provision.article_named(name)) for name in competence.articles],
            competence=competence.text,
        )

    def _say_by_which_signs(self) -> Iterable[Statement]:
        """Of a sale, which no single box shows: what was weighed."""
        signs = vending_reasons.signs_of(self.rows.events)
        if signs is None:
            return
        for code, text in vending_reasons.sentences(signs):
            yield Statement(code=code, section="what", text=text, pointers=tuple(self._events_of(Act.CONFIRMED)))

    def _say_by_whom(self) -> Iterable[Statement]:
        """Of what was left: who was with it when it came, and what it is taken for."""
        if self.act is None:
            return
        moments = (ExhibitMoment.BEFORE, ExhibitMoment.ENTRY, ExhibitMoment.SHARPEST)
        shown = [pointer for moment in moments for pointer in self._exhibits_at(moment)]
        for code, text in dumping_act.sentences(self.act):
            pointers = (*shown, *self._events_of(Act.CONFIRMED))
            yield Statement(code=code, section="what", text=text, pointers=pointers)

    def _say_where(self) -> Iterable[Statement]:
        where, version = self.where, self.incident.geofence_version
        shown: dict[str, Value] = {
            "camera": where.camera,
            "camera_id": where.camera_id,
            "device": where.device_number or term("not_recorded"),
        }
        if where.lat is None or where.lon is None:
            yield self._statement("where", "camera_place_unknown", [self._record_of_camera()], **shown)
        else:
            place = {"lat": f"{where.lat:.6f}", "lon": f"{where.lon:.6f}"}
            yield self._statement("where", "camera_place", [self._record_of_camera()], **shown, **place)
        rule = version.offences.get(self.incident.offence.value, {})
        allowed_s = rule.get("dwell_s", rule.get("away_s"))
        yield self._statement(
            "where",
            "fence",
            [self._record_of_geofence()],
            geofence=where.geofence,
            geofence_id=where.geofence_id,
            version=where.geofence_version,
            valid_from=self._local(version.valid_from),
            dwell=duration(allowed_s) if allowed_s is not None else term("not_recorded"),
            grace=duration(rule["grace_s"]) if "grace_s" in rule else term("not_recorded"),
        )

    def _say_when(self) -> Iterable[Statement]:
        when = self.when
        entry = self._exhibits_at(ExhibitMoment.ENTRY)
        yield self._statement("when", "first_seen", [self._sighting(when.first_seen)], at=self._both(when.first_seen))
        if when.stopped is None:
            carried = [self._sighting(when.first_seen), *entry]
            yield self._statement("when", "already_stood", carried)
        else:
            carried = [self._sighting(when.stopped), *entry]
            yield self._statement("when", "stopped", carried, at=self._both(when.stopped))
        yield self._statement(
            "when",
            "dwell_complete",
            [
                self._sighting(when.dwell_complete),
                *self._events_of(Act.CONFIRMED),
                *self._exhibits_at(ExhibitMoment.DWELL_COMPLETE),
            ],
            at=self._both(when.dwell_complete),
            shown=duration(standing(self.looks, self.standing_since, when.dwell_complete).shown_s),
        )
        if when.grace_ends is not None:
            yield self._statement(
                "when",
                "grace_ended",
                [
                    *(self._events_of(Act.GRACE_EXPIRED) or self._events_of(Act.GRACE_STARTED)),
                    *self._exhibits_at(ExhibitMoment.GRACE_END),
                    self._record_of_incident(),
                ],
                at=self._both(when.grace_ends),
            )
        yield self._statement("when", "last_seen", [self._sighting(when.last_seen)], at=self._both(when.last_seen))
        if when.left is not None:
            yield self._statement(
                "when",
                "left",
                [*self._events_of(Act.VEHICLE_LEFT), self._record_of_incident()],
                at=self._both(when.left),
            )
        yield from self._say_that_it_came_back()
        yield self._say_how_unbroken()
        yield from self._say_seen_with()
        yield self._say_whose_clock()

    def _say_that_it_came_back(self) -> Iterable[Statement]:
        for event in self.rows.events:
            if event.act is Act.CONFIRMED and "returned_after_s" in event.facts:
                away = duration(event.facts["returned_after_s"])
                yield self._statement("when", "returned", [self._event(event)], away=away)

    def _say_how_unbroken(self) -> Statement:
        counted = {kind: sum(look.kind is kind for look in self.standing_looks) for kind in SightingKind}
        since, until = self.standing_since, self.when.last_seen
        return self._statement(
            "when",
            "continuity",
            [self._sightings(since, until)],
            looks=len(self.standing_looks) - counted[SightingKind.GAP],
            gap=duration(gap_seconds(self.looks, since, until)),
            share=percent(gap_seconds(self.looks, since, until) / max((until - since).total_seconds(), 1.0)),
            **{kind.value: counted[kind] for kind in SightingKind if kind is not SightingKind.GAP},
        )

    def _say_seen_with(self) -> Iterable[Statement]:
        """By which weights, how often, and in which pictures. Of an old live incident that is not on record."""
        seen = self.rows.seen_with
        if seen.model is None or seen.look_s is None:
            return
        yield self._statement(
            "when",
            "seen_with",
            [self._record_of_seeing()],
            software=seen.software or term("not_recorded"),
            model=seen.model.name,
            digest=seen.model.digest[:SHOWN_OF_DIGEST],
            look=two_places(seen.look_s),
            codec=seen.codec or term("not_recorded"),
            width=seen.width or term("not_recorded"),
            height=seen.height or term("not_recorded"),
            fps=two_places(seen.fps) if seen.fps is not None else term("not_recorded"),
        )

    def _say_whose_clock(self) -> Statement:
        clock, recording = self.rows.seen_with.clock, self.incident.recording
        measured: dict[str, Value] = {
            "offset": two_places(clock.offset_s),
            "error": f"{two_places(clock.error_s)} s" if clock.error_s is not None else term("never_measured"),
        }
        if recording is None:
            code = "clock_of_camera" if clock.measure is None else f"clock_by_{clock.measure.value}"
            return self._statement("when", code, [self._record_of_clock()], **measured)
        carried = [self._record_of_recording(recording.sha256), self._record_of_clock()]
        return self._statement(
            "when", "clock_of_recording", carried, source=term(recording.clock_source.value), **measured
        )

    def _say_what_came_after(self) -> Iterable[Statement]:
        for notice in self.notices:
            carried = [Pointer(kind="record", ref=f"notice:{notice.id}", label=_label_of_notice(notice))]
            promised = self._local(notice.promised_at)
            if notice.delivered_at is not None:
                delivered = self._local(notice.delivered_at)
                yield self._statement("after", "notice_delivered", carried, promised=promised, delivered=delivered)
            else:
                status = term(notice.status.value)
                yield self._statement("after", "notice_not_delivered", carried, promised=promised, status=status)
        for event in self.announcements:
            outcome = term(event.facts["outcome"])
            at = self._local(event.conduct_at or event.at)
            yield self._statement("after", "announced", [self._event(event)], at=at, outcome=outcome)

    # --- the reasons against

    def _against(self) -> Iterable[Reason]:
        yield from self._what_the_check_found()
        if self.when.stopped is None:
            yield self._reason("already_stood", [self._sighting(self.when.first_seen)])
        yield from self._what_the_act_leaves_open()
        if self.share_not_shown >= SHARE_NOT_SHOWN_WORTH_SAYING:
            carried = [self._sightings(self.standing_since, self.when.last_seen)]
            yield self._reason("gaps_share", carried, share=percent(self.share_not_shown))
        if self.incident.confidence < LOW_CONFIDENCE:
            confidence = two_places(self.incident.confidence)
            yield self._reason("low_confidence", [self._record_of_incident()], confidence=confidence)
        if self.least_share_inside is not None and self.least_share_inside < PARTLY_INSIDE:
            carried = [self._sightings(self.standing_since, self.when.last_seen)]
            yield self._reason("partly_inside", carried, share=percent(self.least_share_inside))
        absent = [look for look in self.standing_looks if look.kind is SightingKind.ABSENT]
        if absent:
            carried = [self._sightings(absent[0].at, absent[-1].at)]
            yield self._reason("absent_between", carried, absent=len(absent))
        if self.incident.geofence_version.valid_from > self.incident.confirmed_at:
            yield self._reason("fence_came_later", [self._record_of_geofence()])
        if self.incident.geofence_version.warning_only:
            yield self._reason("warning_only", [self._record_of_geofence()])
        if not self.notices and not self.announcements:
            yield self._reason("no_notice", [self._record_of_incident()])
        elif self.notices and not any(notice.status is NoticeStatus.DELIVERED for notice in self.notices):
            carried = [
                Pointer(kind="record", ref=f"notice:{notice.id}", label=_label_of_notice(notice))
                for notice in self.notices
            ]
            yield self._reason("notice_not_delivered", carried)
        yield from self._what_was_looked_for()
        yield from self._what_the_law_data_lack()

    def _what_was_looked_for(self) -> Iterable[Reason]:
        for found in self.reasons:
            if found.speaks:
                carried = [*self._exhibits_with(found.picture), *self._events_of(Act.CONFIRMED)]
                pointers = tuple(carried or [self._record_of_incident()])
                yield Reason(code=found.kind.value, text=found.text, pointers=pointers)

    def _what_the_act_leaves_open(self) -> Iterable[Reason]:
        if self.act is not None and self.act[dumping_act.KIND] == dumping_act.UNKNOWN:
            yield self._reason("kind_unknown", self._exhibits_of(ExhibitKind.STILL) or [self._record_of_incident()])

    def _what_the_check_found(self) -> Iterable[Reason]:
        source = self.incident.recording
        of_source = self._record_of_recording(source.sha256) if source else self._record_of_clock()
        carried = {
            "original": of_source,
            "camera_papers": self._record_of_camera(),
            "clock_error": self._record_of_clock(),
            "clock_source": of_source,
            "plate": self._record_of_incident(),
        }
        for finding in self.findings:
            if not finding.ok and finding.code in SPEAK_AGAINST:
                yield Reason(code=finding.code, text=_in_words(finding), pointers=(carried[finding.code],))

    def _what_the_law_data_lack(self) -> Iterable[Reason]:
        if self.provision is None:
            yield self._reason("no_provision", [self._law_data()])
            return
        for article in self.provision.article:
            if not article.verified:
                cited = _article(article)
                yield self._reason("unverified_article", [cited], article=cited.label)

    def _statement(self, section: Section, code: str, pointers: Sequence[Pointer], **values: Value) -> Statement:
        text = say_of(self.incident.offence, "statement", code, **values)
        return Statement(code=code, section=section, text=text, pointers=tuple(pointers))

    def _reason(self, code: str, pointers: Sequence[Pointer], **values: Value) -> Reason:
        return Reason(
            code=code, text=say_of(self.incident.offence, "against", code, **values), pointers=tuple(pointers)
        )

    # --- what carries a sentence

    def _local(self, at: datetime) -> str:
        return local_time(at, self.when.timezone)

    def _both(self, at: datetime) -> str:
        return f"{self._local(at)} ({utc_time(at)})"

    def _exhibits_of(self, kind: ExhibitKind) -> list[Pointer]:
        return [_exhibit(entry) for entry in self.exhibits if entry.kind is kind]

    def _exhibits_with(self, exhibit_id: uuid.UUID | None) -> list[Pointer]:
        return [_exhibit(entry) for entry in self.exhibits if entry.id == exhibit_id]

    def _exhibits_at(self, moment: ExhibitMoment) -> list[Pointer]:
        return [_exhibit(entry) for entry in self.exhibits if entry.moment is moment]

    def _events_of(self, act: Act) -> list[Pointer]:
        return [self._event(event) for event in self.rows.events if event.act is act]

    @staticmethod
    def _event(event: CaseEvent) -> Pointer:
        label = say("pointer", "event", seq=event.seq, act=term(event.act.value))
        return Pointer(kind="event", ref=str(event.seq), label=label)

    def _sighting(self, at: datetime) -> Pointer:
        """The sighting on record nearest to that moment: a stop found by looking back has none of its own."""
        if not self.looks:
            return self._record_of_incident()
        nearest = min(self.looks, key=lambda look: abs(look.at - at)).at
        label = say("pointer", "sighting", at=clock_time(nearest, self.when.timezone))
        return Pointer(kind="sighting", ref=nearest.isoformat(), label=label)

    def _sightings(self, since: datetime, until: datetime) -> Pointer:
        """Those from the one moment to the other."""
        held = [look.at for look in self.looks if since <= look.at <= until]
        if not held:
            return self._sighting(since)
        clock = {"since": clock_time(held[0], self.when.timezone), "until": clock_time(held[-1], self.when.timezone)}
        ref = f"{held[0].isoformat()}/{held[-1].isoformat()}"
        return Pointer(kind="sighting", ref=ref, label=say("pointer", "sightings", **clock))

    def _record_of_incident(self) -> Pointer:
        return Pointer(kind="record", ref=f"incident:{self.incident.id}", label=say("pointer", "incident"))

    def _record_of_camera(self) -> Pointer:
        camera_id = self.where.camera_id
        return Pointer(kind="record", ref=f"camera:{camera_id}", label=say("pointer", "camera", id=camera_id))

    def _record_of_clock(self) -> Pointer:
        """What was measured when the incident was opened is written with it; before, only the camera had it."""
        return self._record_of_camera() if self.incident.seen_with is None else self._record_of_incident()

    def _record_of_seeing(self) -> Pointer:
        recording = self.incident.recording
        if self.incident.seen_with is None and recording is not None:
            return self._record_of_recording(recording.sha256)
        return self._record_of_incident()

    def _record_of_geofence(self) -> Pointer:
        named, version = self.where.geofence_id, self.where.geofence_version
        return Pointer(
            kind="record",
            ref=f"geofence:{named}:{version}",
            label=say("pointer", "geofence", id=named, version=version),
        )

    def _record_of_recording(self, sha256: str) -> Pointer:
        return Pointer(
            kind="record",
            ref=f"recording:sha256:{sha256}",
            label=say("pointer", "recording", digest=sha256[:SHOWN_OF_DIGEST]),
        )

    def _law_data(self) -> Pointer:
        offence, on = self.incident.offence.value, self.rows.day.isoformat()
        return Pointer(
            kind="record", ref=f"law:{offence}:{on}", label=say("pointer", "law_data", offence=term(offence), on=on)
        )


def _exhibit(entry: ExhibitEntry) -> Pointer:
    label = say("pointer", "exhibit", label=entry.label, digest=entry.sha256[:SHOWN_OF_DIGEST])
    return Pointer(kind="exhibit", ref=str(entry.id), label=label)


def _article(article: Article) -> Pointer:
    return Pointer(
        kind="article", ref=article.id, label=say("pointer", "article", law=article.law, article=article.article)
    )


def _label_of_notice(notice: Notice) -> Bilingual:
    return say("pointer", "notice", id=str(notice.id)[:8])


def _in_words(finding: sufficiency.Finding) -> Bilingual:
    return Bilingual(zh=sufficiency.say(finding, "zh"), en=sufficiency.say(finding, "en"))


def _checked(finding: sufficiency.Finding) -> Checked:
    zh, en = sufficiency.words("zh")[finding.code], sufficiency.words("en")[finding.code]
    return Checked(
        code=finding.code,
        ok=finding.ok,
        title=Bilingual(zh=zh.title, en=en.title),
        text=_in_words(finding),
        source=zh.source,
    )
