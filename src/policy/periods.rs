//! How long something that a person did lets the business write.

use std::time::Duration;

/// P1.1. How long the business may write after the person did something.
pub const WINDOW: Duration = Duration::from_secs(24 * 3600);

/// How long a person may answer a message or a comment: P2.6, P3.1, P4.2.
pub const SEVEN_DAYS: Duration = Duration::from_secs(7 * 24 * 3600);
