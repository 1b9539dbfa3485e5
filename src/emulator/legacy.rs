//! The older signature of a webhook, which Meta still sends beside the newer one, and older bots still check.
//!
//! Meta: <https://developers.facebook.com/docs/graph-api/webhooks/getting-started#event-notifications>

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

use crate::secret::Secret;

/// The header that carries it.
pub(super) const HEADER: &str = "x-hub-signature";

/// The value of [`HEADER`] for `body`: `sha1=` and 40 lower-case hexadecimal digits.
pub(super) fn sign(secret: &Secret, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha1>::new_from_slice(secret.expose().as_bytes()).expect("HMAC takes a key of any length");
    mac.update(body);
    format!("sha1={}", hex::encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    // The same body as in the tests of the newer signature.
    const BODY: &[u8] = br#"{"object":"page","entry":[{"id":"104000000000001","time":1790000000123,"messaging":[{"sender":{"id":"7200000000000011"},"recipient":{"id":"104000000000001"},"timestamp":1790000000001,"message":{"mid":"m_A1","text":"Gr\u00fc\u00dfe \ud83d\ude00 https:\/\/example.com\/a"}}]}]}"#;

    #[test]
    fn signs_as_meta_does() {
        let signed = sign(&Secret::new("s3cr3t-app-key"), BODY);
        assert_eq!(signed, "sha1=c8c8fb5b5d06c4dd3f83d8f8c83c3ab5caeb9e88");
    }
}
