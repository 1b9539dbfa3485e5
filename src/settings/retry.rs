//! How long to wait before something is tried again.

use std::time::Duration;

use super::reader::Reader;
use super::value::{RawValue, Setting};

/// A wait that doubles from try to try, up to a most.
#[derive(Clone, Copy, Debug)]
pub struct Retry {
    /// The wait before the second try.
    pub first: Duration,
    /// The longest wait.
    pub most: Duration,
    /// By how much of itself a wait may be shorter, so that what failed together does not come again together.
    pub jitter: Percent,
}

impl Retry {
    pub(super) fn read(reader: &mut Reader, section: &str) -> Retry {
        Retry {
            first: reader.required(&format!("{section}.retry_first")),
            most: reader.required(&format!("{section}.retry_most")),
            jitter: reader.required(&format!("{section}.retry_jitter")),
        }
    }

    /// The wait after the try of this number, from 1, has failed.
    pub fn wait(&self, attempt: u32) -> Duration {
        let doublings = attempt.saturating_sub(1).min(16);
        let wait = self.first.saturating_mul(1 << doublings).min(self.most);
        wait.mul_f64(1.0 - f64::from(self.jitter.0) / 100.0 * fastrand::f64())
    }
}

/// A part of a hundred.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Percent(pub u8);

impl Setting for Percent {
    fn read(given: &RawValue) -> Result<Percent, String> {
        let text = given.as_text()?;
        match text.strip_suffix('%').unwrap_or(text).parse() {
            Ok(number @ 0..=100) => Ok(Percent(number)),
            _ => Err(format!("{text:?} is no percentage such as 20%")),
        }
    }

    fn placeholder() -> Percent {
        Percent(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_most_and_jitter_makes_them_shorter() {
        let second = Duration::from_secs(1);
        let retry = Retry { first: second, most: 30 * second, jitter: Percent(0) };
        let waits: Vec<_> = (1..=8).map(|attempt| retry.wait(attempt).as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 30, 30, 30]);
        assert_eq!(retry.wait(u32::MAX), 30 * second);
        let jittered = Retry { jitter: Percent(20), ..retry };
        let waits: Vec<_> = (0..100).map(|_| jittered.wait(3)).collect();
        assert!(waits.iter().all(|wait| *wait > Duration::from_millis(3_199) && *wait <= 4 * second));
        assert!(waits.iter().any(|wait| *wait != waits[0]));
    }
}
