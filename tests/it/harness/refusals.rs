//! What Meta had to refuse: nothing, unless a test asks for it.
//!
//! The emulated Meta knows its rules on its own account. A send that it refuses is one that our policy should have held back.

use std::sync::Mutex;

use serde_json::Value;

/// The errors that scripted faults are answered with.
const SCRIPTED: [(&str, u64); 4] = [("rate_limit", 613), ("token_expired", 190), ("temporary", 2), ("blocked", 368)];

/// What Meta says of people who did nothing that it knows of: the window is shut, or there is no such person.
const STRANGERS: [(u64, u64); 4] = [(10, 2_018_278), (10, 2_534_022), (100, 2_018_001), (100, 2_534_014)];

/// Which refusals a test has asked for.
#[derive(Default)]
pub struct Refusals {
    asked_for: Mutex<Asked>,
}

#[derive(Default)]
struct Asked {
    any: bool,
    strangers: bool,
    codes: Vec<u64>,
}

impl Refusals {
    /// From here on Meta may refuse anything.
    pub fn expect(&self) {
        self.asked_for.lock().expect("what was asked for").any = true;
    }

    /// From here on Meta may refuse what goes to people of whom it does not know that they have written.
    pub fn expect_strangers(&self) {
        self.asked_for.lock().expect("what was asked for").strangers = true;
    }

    /// A fault of this name is scripted.
    pub fn expect_fault(&self, name: Option<&str>) {
        let code = SCRIPTED.iter().find(|(fault, _)| Some(*fault) == name).map(|(_, code)| *code);
        self.asked_for.lock().expect("what was asked for").codes.extend(code);
    }

    /// Fails when one of these exchanges is a send of the server that was refused, and nobody asked for that.
    pub fn check(&self, exchanges: &[Value]) {
        let asked = self.asked_for.lock().expect("what was asked for");
        let is_send = |exchange: &&Value| {
            let path = exchange["url"].as_str().and_then(|url| url.split('?').next()).unwrap_or_default();
            let ours =
                exchange["request_headers"]["user-agent"].as_str().is_some_and(|by| by.starts_with("rejoinder/"));
            ours && exchange["method"] == "POST" && path.ends_with("/messages")
        };
        for send in exchanges.iter().filter(is_send) {
            let error = &send["response"]["error"];
            let Some(code) = error["code"].as_u64() else { continue };
            let is_of_a_stranger = error["error_subcode"].as_u64().is_some_and(|sub| STRANGERS.contains(&(code, sub)));
            let is_expected = asked.any || asked.codes.contains(&code) || (asked.strangers && is_of_a_stranger);
            assert!(is_expected, "Meta had to refuse a send to {}: {error}", send["person"]);
        }
    }
}
