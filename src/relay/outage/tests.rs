use proptest::prelude::*;

use super::*;

use Met::{Absence, Answer, Silence, Unusable};

fn at(second: u64) -> Steady {
    Steady::default() + Duration::from_secs(second)
}

/// Calls that begin and end one after the other: of whose event, whether it had failed before, what they met.
fn after(calls: &[(&str, bool, Met)]) -> Standing {
    let mut standing = Standing::default();
    for (conversation, has_failed, met) in calls {
        let call = standing.begin((*conversation).to_owned(), *has_failed);
        standing.met(call, *met, at(0));
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
fn a_call_tells_of_the_time_in_which_it_began() {
    let mut standing = Standing::default();
    let begin = |standing: &Standing| standing.begin("a".to_owned(), false);
    let old: Vec<_> = (0..4).map(|_| begin(&standing)).collect();
    let [one, two, three, four] = old.try_into().expect("four");
    assert_eq!(standing.met(one, Absence, at(0)), Some(Change::GoesDown(DownBecause::Unavailable)));
    let before = standing.probes_from();
    for call in [two, three] {
        assert_eq!((standing.met(call.clone(), Answer, at(9)), standing.met(call, Absence, at(9))), (None, None));
    }
    assert_eq!(standing.probes_from(), before, "a relay that is being stopped still answers what it had taken on");
    let probe = begin(&standing);
    assert_eq!(standing.met(probe, Answer, at(9)), Some(Change::ComesUp(at(0))));
    assert_eq!(standing.met(four, Absence, at(10)), None);

    let late = begin(&standing);
    for whose in ["a", "b", "c"] {
        let call = standing.begin(whose.to_owned(), false);
        standing.met(call, Unusable, at(11));
    }
    assert_eq!(standing.met(late, Answer, at(12)), Some(Change::ComesUp(at(11))), "it answers, so it is there");
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
            (1, 1),
            &[
                (1, true, Absence, 3, 3),
                (3, true, Silence, 5, 7),
                (5, false, Absence, 7, 7),
                (7, false, Absence, 9, 15),
                (15, true, Absence, 17, 31),
                (31, true, Absence, 33, 61),
                (61, true, Absence, 63, 91),
            ][..],
        ),
        (
            failing,
            (0, 1),
            &[
                (0, false, Unusable, 0, 1),
                (1, true, Unusable, 1, 3),
                (2, false, Silence, 2, 3),
                (3, false, Silence, 3, 7),
                (4, false, Absence, 6, 7),
            ],
        ),
    ] {
        let probes_from = |fresh_from, from| Some((at(fresh_from), at(from)));
        assert_eq!(standing.probes_from(), probes_from(first.0, first.1));
        for (ended_at, has_failed, met, fresh_from, from) in calls {
            let call = standing.begin("d".to_owned(), *has_failed);
            standing.met(call, *met, at(*ended_at));
            assert_eq!(standing.probes_from(), probes_from(*fresh_from, *from), "{ended_at}");
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
    /// Whatever happens, in whatever order.
    #[test]
    fn an_outage_has_its_grounds_and_keeps_no_fresh_event_waiting(steps in proptest::collection::vec(step(), 1..200)) {
        let (mut standing, mut under_way, mut now) = (Standing::default(), Vec::new(), at(0));
        let mut failed_in_a_row = std::collections::HashSet::new();
        for step in steps {
            let (which, met, after) = match step {
                Step::Begins { conversation, has_failed } => {
                    under_way.push((standing.begin(conversation.to_string(), has_failed), conversation, has_failed));
                    continue;
                }
                Step::Ends { which, met, after } => (which, met, after),
            };
            if under_way.is_empty() {
                continue;
            }
            now = now + Duration::from_secs(after);
            let (call, conversation, has_failed) = under_way.swap_remove(which % under_way.len());
            if met == Answer {
                failed_in_a_row.clear();
            } else if !has_failed {
                failed_in_a_row.insert(conversation);
            }
            let was_down = standing.down_since();
            match standing.met(call, met, now) {
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
                prop_assert!(down.fresh_from <= now + LONGEST_FRESH_PAUSE && down.fresh_from <= down.from.max(now));
                prop_assert!(down.from <= now + LONGEST_PAUSE);
            }
        }
    }
}
