//! What was reported from outside, end to end.

mod clock; // a machine whose clock is set back
mod doubt; // answers that say neither yes nor no, and conversations that say little
mod restored; // a store that was restored from a copy
