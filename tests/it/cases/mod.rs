//! Small inputs that failed in the world. A test of a public report is named after it; what is not written in a test stands in
//! `tests/cases/`.

mod clock; // a machine whose clock is set back
mod doubt; // answers that say neither yes nor no, and conversations that say little
mod reading; // what comes in, and how it is read
mod relay; // which failures are the relay's and which the event's
mod restored; // a store that was restored from a copy
