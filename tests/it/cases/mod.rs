//! What was reported from outside, end to end.

mod doubt; // answers that say neither yes nor no, and conversations that say little
mod restored; // a store that was restored from a copy
