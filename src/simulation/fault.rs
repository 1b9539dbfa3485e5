//! Deliberate bugs: proof that the simulation can fail.

/// What a server of this kind can do wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    AcknowledgedBeforeKept,
    RepetitionNotKnown,
    EchoIgnored,
    FinishedWithoutReplies,
    FinishedWithoutMemory,
    MemoryOfEarlierTries,
    RepliesOfAFailedTurn,
    FailedEventForgotten,
    PartsOutOfOrder,
    StepTakenTwice,
    SentBeforeSending,
    NextBeforeSettled,
    RetriedOnSilence,
    RetriedOnError,
    DoubtTakenForFailure,
    DoubtTakenForSuccess,
    ConnectionTakenForFailure,
    LookedTooEarly,
    BoundMessagesForgotten,
    NoHistoryTakenForAbsence,
    HistoryNotRead,
    NotRecovered,
    DoubtForgottenAtStart,
}

impl Fault {
    pub(super) const ALL: [Fault; 23] = [
        Fault::AcknowledgedBeforeKept,
        Fault::RepetitionNotKnown,
        Fault::EchoIgnored,
        Fault::FinishedWithoutReplies,
        Fault::FinishedWithoutMemory,
        Fault::MemoryOfEarlierTries,
        Fault::RepliesOfAFailedTurn,
        Fault::FailedEventForgotten,
        Fault::PartsOutOfOrder,
        Fault::StepTakenTwice,
        Fault::SentBeforeSending,
        Fault::NextBeforeSettled,
        Fault::RetriedOnSilence,
        Fault::RetriedOnError,
        Fault::DoubtTakenForFailure,
        Fault::DoubtTakenForSuccess,
        Fault::ConnectionTakenForFailure,
        Fault::LookedTooEarly,
        Fault::BoundMessagesForgotten,
        Fault::NoHistoryTakenForAbsence,
        Fault::HistoryNotRead,
        Fault::NotRecovered,
        Fault::DoubtForgottenAtStart,
    ];
}
