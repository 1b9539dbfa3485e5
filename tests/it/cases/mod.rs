//! What was reported from outside, end to end.

mod restored; // a store that was restored from a copy
