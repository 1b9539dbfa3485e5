//! Constants: parameters that take one of a few words.
//!
//! Meta's documents mostly write them in small letters and its SDKs in capitals (`TYPING_ON`, `BLOCK_USER`). The Graph API
//! takes both; a mixture is neither.

/// The constant that is meant, as it stands in `known`.
pub(super) fn constant(given: &str, known: &[&'static str]) -> Option<&'static str> {
    known.iter().copied().find(|known| given == *known || given == known.to_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_are_small_or_capital() {
        let known = ["typing_on", "RESPONSE"];
        let check = |given: &str, meant: Option<&str>| assert_eq!(constant(given, &known), meant, "{given}");
        check("typing_on", Some("typing_on"));
        check("TYPING_ON", Some("typing_on"));
        check("RESPONSE", Some("RESPONSE"));
        check("Typing_On", None);
        check("response", None);
        check("dance", None);
    }
}
