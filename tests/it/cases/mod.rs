//! Small inputs that failed once, each after a report from the world, and what is right.

mod clock; // a machine whose clock is set back
mod doubt; // answers that say neither yes nor no, and conversations that say little
mod relay; // which failures are the relay's and which the event's
mod restored; // a store that was restored from a copy
