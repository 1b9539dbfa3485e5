//! Whose words a handler's error may repeat.

/// The people who write to a handler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Audience {
    /// Those of real people: errors are kept with their events, and not logged.
    Real,
    /// Those of people whom a bot's author has invented: errors are logged whole.
    Invented,
}
