//! The reasons of the emulated Meta for what a rule of ours refuses.

/// The window is shut, on a Page and on Instagram.
const SHUT: [&str; 2] = ["10/2018278", "10/2534022"];

const NO_TOKEN: &str = "100 (#100) The token is invalid or has expired";
const NO_ACTION: &str = "100 (#100) Param sender_action goes with recipient[id] or recipient[user_ref] only";
const NO_SUCH_TAG: &str = "100 (#100) Param tag must be one of";
const NO_SUCH_TYPE: &str = "100 (#100) Param messaging_type must be one of";

/// How the errors begin, or end, by which Meta keeps a rule: `code/subcode message`.
pub fn reasons(rule: &str) -> Vec<&'static str> {
    match rule {
        "limits" => vec!["Length of param message[text] must be less than or equal to 2000"],
        "P0.1" => [&SHUT[..], &["100/2018001"]].concat(),
        "P1.1" | "P3.1" | "P4.2" => SHUT.to_vec(),
        "P1.16" => vec!["Param tag goes with messaging_type MESSAGE_TAG only", "The parameter tag is required"],
        "P2.1" | "P2.4" | "P2.5" | "P9.6" => vec![NO_SUCH_TAG],
        "P2.6" => [&SHUT[..], &["Tag CUSTOMER_FEEDBACK goes with the customer_feedback template only"]].concat(),
        "P3.3" => vec!["Param messaging_type must be RESPONSE or UPDATE for a private reply"],
        "P4.1" => vec![
            "10 (#10) Cannot send a private reply more than once.",
            "100 (#100) The comment or post does not exist, or cannot be answered privately",
        ],
        "P4.4" => vec![NO_ACTION],
        "P5.1" | "P5.3" | "P11.1" => vec![NO_TOKEN],
        "P5.2" => vec![NO_ACTION, "100 (#100) The one-time notification token has been used"],
        "P5.5" | "P12" => vec![
            "is not available on Instagram",
            "100 (#100) Param message[attachment][payload][template_type] must be one of",
        ],
        "P8.3" => vec![
            "messaging_type UTILITY goes with message[template] only",
            "Param message[template] goes with messaging_type UTILITY only",
            "Param message[text] and message[template] cannot be used together",
        ],
        "P10.1" | "P10.5" => vec![NO_SUCH_TAG, NO_SUCH_TYPE],
        "P11.2" => vec!["4/2018354", "10/1893015"],
        "P16.1" => vec!["368"],
        _ => panic!("{rule} is none that the emulated Meta keeps"),
    }
}
