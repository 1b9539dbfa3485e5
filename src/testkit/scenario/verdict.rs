//! Whether what was said is what had to be said, and if not, why.

use std::cmp::Ordering;
use std::time::Duration;

use crate::clock::Timestamp;

use super::expected::Expected;
use super::said::Said;

/// Why a wait has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// There was no need to wait on.
    Enough,
    /// The time is up, by the emulated Meta's clock.
    Deadline,
    /// The time is up, by the machine's.
    Patience,
    /// The bot has not come to an end with what it had to do.
    Busy,
}

/// How long was waited for what must be said.
#[derive(Clone, Copy)]
pub(super) struct Waited {
    pub(super) end: End,
    pub(super) began: Timestamp,
    /// Allowed by the emulated Meta's clock.
    pub(super) within: Duration,
    /// Allowed by the machine's.
    pub(super) patience: Duration,
}

/// What is wrong with what was said.
pub(super) fn judge(expected: &[Expected], said: &[Said], waited: Waited) -> Option<String> {
    let Waited { end, began, within, patience } = waited;
    let shown = humantime::format_duration;
    let agree = said.iter().zip(expected).all(|(said, wanted)| wanted.is(said));
    let late = said.iter().map(|said| said.at.since(began)).find(|after| *after > within);
    Some(match (agree, said.len().cmp(&expected.len())) {
        _ if end == End::Busy => still_at_work(patience),
        (true, Ordering::Equal) => match late {
            Some(after) => format!("said too late: after {}, where {} are allowed", shown(after), shown(within)),
            None => return None,
        },
        (true, Ordering::Less) if end == End::Patience => {
            format!("nothing more was said within {} of real time, the --patience of this run", shown(patience))
        }
        (true, Ordering::Less) => format!("nothing more was said within {}", shown(within)),
        (true, Ordering::Greater) if expected.is_empty() => "nothing was to be said".to_owned(),
        (true, Ordering::Greater) => "more was said".to_owned(),
        (false, _) => "something else was said".to_owned(),
    })
}

/// The bot has not come to an end with what it had to do.
pub(super) fn still_at_work(patience: Duration) -> String {
    format!("the bot is still at work after {} of real time", humantime::format_duration(patience))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_failure_has_its_words() {
        let check = |expected: &str, said: &str, end: End, problem: Option<&str>| {
            let expected: Vec<_> = expected.split_whitespace().map(Expected::text).collect();
            let said = said.split_whitespace().map(|word| {
                let (text, at) = word.split_once('@').unwrap_or((word, "0"));
                let at: i64 = at.parse().expect("seconds");
                json!({"mid": "m", "from": "business", "at": at * 1000, "text": text})
            });
            let said: Vec<Said> = said.map(|said| serde_json::from_value(said).expect("a message")).collect();
            let (within, patience) = (Duration::from_secs(5), Duration::from_secs(2));
            let waited = Waited { end, began: Timestamp(0), within, patience };
            assert_eq!(judge(&expected, &said, waited).as_deref(), problem);
        };
        check("", "", End::Enough, None);
        check("a b", "a b@5", End::Enough, None);
        check("a", "a@6", End::Enough, Some("said too late: after 6s, where 5s are allowed"));
        check("a b", "a", End::Deadline, Some("nothing more was said within 5s"));
        let impatient = "nothing more was said within 2s of real time, the --patience of this run";
        check("a b", "", End::Patience, Some(impatient));
        check("", "a", End::Enough, Some("nothing was to be said"));
        check("a", "a b", End::Enough, Some("more was said"));
        check("a b", "b", End::Enough, Some("something else was said"));
        check("a", "a", End::Busy, Some("the bot is still at work after 2s of real time"));
    }
}
