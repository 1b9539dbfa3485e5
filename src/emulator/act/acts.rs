//! All that can be done.

use serde_json::Value;

/// Something a person does, or the business by other means than this app.
#[derive(Debug)]
pub(in crate::emulator) enum Act {
    Message(Words),
    Postback {
        title: String,
        payload: String,
        reference: Option<String>,
    },
    React {
        mid: Option<String>,
        reaction: String,
        emoji: Option<String>,
    },
    Unreact {
        mid: Option<String>,
    },
    Read,
    Referral {
        reference: String,
    },
    Optin(Optin),
    /// The code is that of a new link; without one the account is unlinked.
    AccountLink {
        code: Option<String>,
    },
    Feedback(Feedback),
    Comment(Comment),
    Edit {
        mid: Option<String>,
        text: String,
    },
    Unsend {
        mid: Option<String>,
    },
    Block,
    Unblock,
    /// The person calls the account, or hangs up.
    Call {
        ends: bool,
    },
    /// The person says whether the account may call.
    CallPermission {
        granted: bool,
    },
    /// A person of the business answers from the inbox. With `takes` the inbox takes the conversation, too.
    Inbox {
        text: String,
        takes: bool,
    },
    Handover {
        handover: Handover,
        metadata: Option<String>,
    },
}

/// What a message of a person consists of: text, attachments, or both.
#[derive(Debug)]
pub(in crate::emulator) struct Words {
    pub(in crate::emulator) text: Option<String>,
    pub(in crate::emulator) attachments: Vec<Value>,
    /// The payload of the chip that was tapped.
    pub(in crate::emulator) quick_reply: Option<String>,
    pub(in crate::emulator) reply_to: Option<String>,
    /// It answers a story of the account's.
    pub(in crate::emulator) story: bool,
}

/// How a person agrees to be written to.
#[derive(Debug)]
pub(in crate::emulator) enum Optin {
    /// The Send-to-Messenger plugin.
    Plugin { reference: String },
    /// The checkbox plugin.
    Checkbox { reference: Option<String>, user_ref: String },
    /// To one notification, by the button of a request.
    OneTime,
    /// To marketing messages, by the button of a request.
    Marketing,
    /// No marketing messages any more.
    Stop,
    /// Marketing messages again.
    Resume,
}

/// What a person thinks.
#[derive(Debug)]
pub(in crate::emulator) enum Feedback {
    /// The answer to a `customer_feedback` template.
    Form { score: String, text: Option<String> },
    /// A thumb at a message of the business.
    Thumb { is_good: bool, mid: Option<String> },
}

/// What a person writes beside the conversation.
#[derive(Debug)]
pub(in crate::emulator) enum Comment {
    New { text: String, place: Place, reply_to: Option<String> },
    Edit { id: String, text: String },
    Remove { id: String },
}

/// Where a comment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::emulator) enum Place {
    /// Below what the business posted.
    BelowPost,
    /// Below a broadcast that goes on.
    BelowBroadcast,
    /// On the Page itself: a post of the visitor's own.
    OnPage,
}

/// What the inbox does about whose a conversation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::emulator) enum Handover {
    /// It becomes the inbox's.
    Take,
    /// The inbox gives it to the app.
    Pass,
    /// The inbox asks the app for it.
    Request,
    /// The inbox releases it, and no app takes it.
    Release,
}

/// What Meta does to an account.
#[derive(Debug)]
pub(in crate::emulator) enum Ruling {
    Enforce {
        action: Enforcement,
        reason: Option<String>,
    },
    /// The broadcast is over, and with it the right to answer its comments.
    EndLive,
}

/// What Meta does about a violation of its policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::emulator) enum Enforcement {
    Warning,
    Block,
    Unblock,
}
