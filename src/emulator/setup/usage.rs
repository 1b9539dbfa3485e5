//! How much of its allowance an app has used, as the headers of every answer say.
//!
//! The allowance is Meta's: 200 calls for each person, in an hour for the app and in a day for an account. No call is
//! throttled by it, as a test would use it up within minutes: the headers stop short of 100. What throttles is the pace of
//! sends and the fault `rate_limit`; the headers of a call that they refuse say 100, and in how many minutes to go on.
//! Meta: <https://developers.facebook.com/docs/graph-api/overview/rate-limiting#headers>

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;

use crate::clock::Timestamp;

use super::super::world::World;

const CALLS_PER_PERSON: u64 = 200;
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// The most that the headers say of a call that went through, in per cent.
const NEARLY_FULL: u64 = 99;

/// What they say of a throttled one.
const FULL: u64 = 100;

/// The calls that were counted.
#[derive(Default)]
pub(in crate::emulator) struct Usage {
    app: Meter,
    accounts: BTreeMap<usize, Meter>,
}

/// The calls of one period.
#[derive(Default)]
struct Meter {
    begun: Option<Timestamp>,
    calls: u64,
}

/// What the headers say.
#[derive(Default, Debug, PartialEq)]
pub(in crate::emulator) struct Said {
    /// `X-App-Usage`, once there is something to notice.
    pub(in crate::emulator) app: Option<String>,
    /// `X-Business-Use-Case-Usage`, where the call is about an account.
    pub(in crate::emulator) business: Option<String>,
}

impl Usage {
    /// Counts a call, about an account or none. `throttled`: for how long, where it was refused as one too many.
    pub(in crate::emulator) fn count(
        &mut self,
        world: &World,
        account: Option<usize>,
        throttled: Option<Duration>,
        now: Timestamp,
    ) -> Said {
        let allowance = CALLS_PER_PERSON * world.people.len().max(1) as u64;
        let used = self.app.count(HOUR, allowance, now);
        let app =
            (used > 0).then(|| json!({"call_count": used, "total_time": used, "total_cputime": used}).to_string());
        let business = account.map(|at| {
            let counted = self.accounts.entry(at).or_default().count(DAY, allowance, now);
            let used = if throttled.is_some() { FULL } else { counted };
            let minutes = throttled.map_or(0, |wait| wait.as_millis().div_ceil(MINUTE.as_millis()));
            let account = &world.accounts[at];
            let kind = if account.platform.is_instagram() { "instagram" } else { "messenger" };
            let entry = json!({"type": kind, "call_count": used, "total_cputime": used, "total_time": used,
                "estimated_time_to_regain_access": minutes});
            json!({account.node().unwrap_or(&account.id): [entry]}).to_string()
        });
        Said { app, business }
    }
}

impl Meter {
    fn count(&mut self, period: Duration, allowance: u64, now: Timestamp) -> u64 {
        if self.begun.is_none_or(|begun| now >= begun + period) {
            *self = Meter { begun: Some(now), calls: 0 };
        }
        self.calls += 1;
        (self.calls * 100 / allowance).min(NEARLY_FULL)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn use_rises_and_begins_anew_with_each_period() {
        let (world, mut usage) = (World::default(), Usage::default());
        let first = usage.count(&world, Some(0), None, Timestamp(0));
        assert_eq!(first.app, None);
        assert_eq!(
            first.business.as_deref(),
            Some(
                r#"{"104000000000001":[{"type":"messenger","call_count":0,"total_cputime":0,"total_time":0,"estimated_time_to_regain_access":0}]}"#
            )
        );
        let mut said = first;
        for _ in 1..8 {
            said = usage.count(&world, Some(0), None, Timestamp(1));
        }
        assert_eq!(said.app.as_deref(), Some(r#"{"call_count":2,"total_time":2,"total_cputime":2}"#));
        assert!(said.business.is_some_and(|business| business.contains(r#""call_count":2"#)));
        for _ in 0..10_000 {
            said = usage.count(&world, None, None, Timestamp(2));
        }
        assert_eq!(said.app.as_deref(), Some(r#"{"call_count":99,"total_time":99,"total_cputime":99}"#));
        for (wait, minutes) in [(1, 1), (60, 1), (61, 2)] {
            let throttled = usage.count(&world, Some(1), Some(Duration::from_secs(wait)), Timestamp(2)).business;
            let entry = format!(
                r#""call_count":100,"total_cputime":100,"total_time":100,"estimated_time_to_regain_access":{minutes}}}"#
            );
            assert!(throttled.is_some_and(|said| said.contains(&entry)));
        }
        assert_eq!(usage.count(&world, None, None, Timestamp(3_600_000)), Said::default());
        assert!(
            usage
                .count(&world, Some(0), None, Timestamp(3_600_000))
                .business
                .is_some_and(|business| business.contains(r#"count":2"#))
        );
    }
}
