use proptest::prelude::*;

use super::*;

use Met::{Absence, Answer, Silence, Unusable};

fn at(second: u64) -> Steady {
    Steady::default() + Duration::from_secs(second)
}

/// A call begins and ends. Whether it counts against its event.
fn meets(standing: &mut Standing, conversation: &str, has_failed: bool, met: Met) -> bool {
    let call = standing.begin(conversation.to_owned(), has_failed);
    standing.met(call, met, at(0)).1
}

/// Calls that begin and end one after the other: of whose event, whether it had failed before, what they met.
fn after(calls: &[(&str, bool, Met)]) -> Standing {
    let mut standing = Standing::default();
    for (conversation, has_failed, met) in calls {
        meets(&mut standing, conversation, *has_failed, *met);
    }
    standing
}

#[test]
fn what_is_an_outage() {
    use DownBecause::{EverythingFails, Unavailable};
    for (calls, expected) in [
        (&[("a", false, Absence)][..], Some(Unavailable)),
        (&[("a", true, Absence)], Some(Unavailable)),
        (&[("a", false, Unusable), ("b", false, Unusable)], None),
        (&[("a", false, Unusable), ("b", false, Silence), ("c", false, Unusable)], Some(EverythingFails)),
        // An event of the same conversation, or one that has failed before, is no further sign.
        (&[("a", false, Unusable), ("b", false, Unusable), ("b", false, Unusable)], None),
        (&[("a", false, Unusable), ("b", false, Unusable), ("c", true, Unusable)], None),
        (
            &[("a", false, Unusable), ("d", true, Unusable), ("b", false, Unusable), ("c", false, Unusable)],
            Some(EverythingFails),
        ),
        // A usable answer between them begins the row anew.
        (&[("a", false, Unusable), ("b", false, Unusable), ("d", true, Answer), ("c", false, Unusable)], None),
        // The end of an outage, by the way it began.
        (&[("a", false, Absence), ("a", true, Answer)], None),
        (&[("a", false, Absence), ("a", true, Silence)], Some(Unavailable)),
        (&[("a", false, Absence), ("a", true, Unusable)], None),
        (&[("a", false, Absence), ("b", false, Unusable), ("c", false, Unusable)], None),
        (
            &[("a", false, Absence), ("b", false, Unusable), ("c", false, Unusable), ("d", false, Silence)],
            Some(EverythingFails),
        ),
        (
            &[("a", false, Silence), ("b", false, Silence), ("c", false, Silence), ("d", false, Unusable)],
            Some(EverythingFails),
        ),
        (
            &[("a", false, Silence), ("b", false, Silence), ("c", false, Silence), ("d", false, Absence)],
            Some(Unavailable),
        ),
        (&[("a", false, Silence), ("b", false, Silence), ("c", false, Silence), ("a", true, Answer)], None),
    ] {
        assert_eq!(after(calls).down.map(|down| down.because), expected, "{calls:?}");
    }
}

#[test]
fn a_call_that_began_before_the_last_change_changes_nothing_when_it_fails() {
    let mut standing = Standing::default();
    let begin = |standing: &Standing| standing.begin("a".to_owned(), false);
    let old: Vec<_> = (0..4).map(|_| begin(&standing)).collect();
    let [one, two, three, four] = old.try_into().expect("four");
    assert_eq!(standing.met(one, Absence, at(0)).0, Some(Change::GoesDown(DownBecause::Unavailable)));
    let before = standing.tried_from();
    for call in [two, three] {
        assert_eq!((standing.met(call.clone(), Answer, at(9)).0, standing.met(call, Absence, at(9)).0), (None, None));
    }
    assert_eq!(standing.tried_from(), before, "a relay that is being stopped still answers what it had taken on");
    let probe = begin(&standing);
    assert_eq!(standing.met(probe, Answer, at(9)).0, Some(Change::ComesUp(at(0))));
    assert_eq!(standing.met(four, Absence, at(10)).0, None);

    let late = begin(&standing);
    for whose in ["a", "b", "c"] {
        let call = standing.begin(whose.to_owned(), false);
        standing.met(call, Unusable, at(11));
    }
    assert_eq!(standing.met(late, Answer, at(12)).0, Some(Change::ComesUp(at(11))), "it answers, so it is there");
}

#[test]
fn what_counts_against_an_event() {
    let fails = |before: &[_], has_failed, met| meets(&mut after(before), "x", has_failed, met);
    let answer = ("a", false, Answer);
    let absence = ("a", false, Absence);
    for (before, has_failed, met, expected) in [
        (&[][..], false, Unusable, true),
        (&[("a", false, Silence), ("b", false, Silence)], false, Silence, false),
        (&[absence], true, Unusable, true),
        (&[absence], true, Silence, false),
        (&[absence], true, Absence, false),
        // The relay was well before an event that had failed already.
        (&[answer], true, Absence, true),
        (&[absence, answer], true, Absence, true),
        // It had not failed, or there was no answer since the last failure.
        (&[answer], false, Absence, false),
        (&[], true, Absence, false),
        (&[answer, ("a", false, Unusable)], true, Absence, false),
        (&[absence, ("a", true, Unusable)], true, Absence, false),
        (&[answer, absence], true, Absence, false),
        (&[answer], true, Answer, false),
    ] {
        assert_eq!(fails(before, has_failed, met), expected, "{before:?} {has_failed} {met:?}");
    }
}

#[test]
fn pauses_grow_for_events_that_have_failed_and_stay_short_for_others() {
    let absent = after(&[("a", false, Absence)]);
    let failing = after(&[("a", false, Silence), ("b", false, Silence), ("c", false, Silence)]);
    // When a call ends, whether its event had failed before, what it met; from when an event that has not failed before may be
    // tried then, and any event.
    for (mut standing, first, calls) in [
        (
            absent,
            (Some(1), 1),
            &[
                (1, true, Absence, Some(3), 3),
                (3, true, Silence, Some(5), 7),
                (5, false, Absence, Some(7), 7),
                (7, false, Absence, Some(9), 15),
                (15, true, Absence, Some(17), 31),
                (31, true, Absence, Some(33), 61),
                (61, true, Absence, Some(63), 91),
            ][..],
        ),
        (
            failing,
            (None, 1),
            &[
                (0, false, Unusable, None, 1),
                (1, true, Unusable, None, 3),
                (2, false, Silence, None, 3),
                (3, false, Silence, None, 7),
                (4, false, Absence, Some(6), 7),
            ],
        ),
    ] {
        let tried_from = |fresh_from: Option<u64>, from| Some((fresh_from.map(at), at(from)));
        assert_eq!(standing.tried_from(), tried_from(first.0, first.1));
        for (ended_at, has_failed, met, fresh_from, from) in calls {
            let call = standing.begin("d".to_owned(), *has_failed);
            standing.met(call, *met, at(*ended_at));
            assert_eq!(standing.tried_from(), tried_from(*fresh_from, *from), "{ended_at}");
        }
    }
}

/// One thing that happens: a call begins, or one of those under way ends.
#[derive(Clone, Debug)]
enum Step {
    Begins { conversation: u8, has_failed: bool },
    Ends { which: usize, met: Met, after: u64 },
}

fn step() -> impl Strategy<Value = Step> {
    let met = prop_oneof![Just(Answer), Just(Unusable), Just(Silence), Just(Absence)];
    prop_oneof![
        (0..6_u8, any::<bool>()).prop_map(|(conversation, has_failed)| Step::Begins { conversation, has_failed }),
        (any::<usize>(), met, 0..40_u64).prop_map(|(which, met, after)| Step::Ends { which, met, after }),
    ]
}

proptest! {
    /// Whatever happens, in whatever order. How the loop takes events by the pauses is not looked at here.
    #[test]
    fn an_outage_has_its_grounds_and_its_pauses_their_ends(steps in proptest::collection::vec(step(), 1..200)) {
        let (mut standing, mut under_way, mut now) = (Standing::default(), Vec::new(), at(0));
        let (mut failed_in_a_row, mut last) = (std::collections::HashSet::new(), None);
        for step in steps {
            let (which, met, after) = match step {
                Step::Begins { conversation, has_failed } => {
                    let was_well = standing.down_since().is_none() && last == Some(Answer);
                    let call = standing.begin(conversation.to_string(), has_failed);
                    under_way.push((call, conversation, has_failed, was_well));
                    continue;
                }
                Step::Ends { which, met, after } => (which, met, after),
            };
            if under_way.is_empty() {
                continue;
            }
            now = now + Duration::from_secs(after);
            let (call, conversation, has_failed, was_well) = under_way.swap_remove(which % under_way.len());
            if met == Answer {
                failed_in_a_row.clear();
            } else if !has_failed {
                failed_in_a_row.insert(conversation);
            }
            let was_down = standing.down_since();
            let (change, counts) = standing.met(call, met, now);
            last = Some(met);
            match met {
                Answer => prop_assert!(!counts),
                Absence => prop_assert_eq!(counts, has_failed && was_well),
                Unusable | Silence => prop_assert_eq!(counts, standing.down_since().is_none()),
            }
            match change {
                Some(Change::GoesDown(because)) => {
                    prop_assert_eq!((was_down, standing.down_since()), (None, Some(now)));
                    match because {
                        DownBecause::Unavailable => prop_assert_eq!(met, Absence),
                        DownBecause::EverythingFails => {
                            prop_assert!(!has_failed && failed_in_a_row.len() >= CONVERSATIONS);
                        }
                    }
                }
                Some(Change::ComesUp(since)) => {
                    prop_assert!(met == Answer || met == Unusable);
                    prop_assert_eq!((was_down, standing.down_since()), (Some(since), None));
                }
                None => prop_assert_eq!(was_down, standing.down_since()),
            }
            if let Some(down) = standing.down {
                match (down.because, down.fresh_from) {
                    (DownBecause::EverythingFails, fresh_from) => prop_assert_eq!(fresh_from, None),
                    (DownBecause::Unavailable, fresh_from) => {
                        let fresh_from = fresh_from.expect("it is one call at a time");
                        prop_assert!(fresh_from <= now + LONGEST_FRESH_PAUSE && fresh_from <= down.from);
                    }
                }
                prop_assert!(down.from <= now + LONGEST_PAUSE);
            }
        }
    }
}
