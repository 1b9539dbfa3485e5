//! The older signature of a webhook, with SHA-1, which Meta still sends beside the one that counts.
//!
//! The server of this crate does not look at it. Frameworks from before 2021 look at nothing else.
//! Meta: <https://developers.facebook.com/docs/messenger-platform/webhooks#validate-payloads>

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

use crate::secret::Secret;

/// The header that carries it.
pub(super) const HEADER: &str = "x-hub-signature";

/// The value of [`HEADER`] for `body`.
pub(super) fn sign(secret: &Secret, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha1>::new_from_slice(secret.expose().as_bytes()).expect("HMAC takes a key of any length");
    mac.update(body);
    format!("sha1={}", hex::encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_as_meta_did() {
        let body = br#"{"object":"page","entry":[{"id":"104000000000001","time":1790000000123,"messaging":[{"sender":{"id":"7200000000000011"},"recipient":{"id":"104000000000001"},"timestamp":1790000000001,"message":{"mid":"m_A1","text":"Gr\u00fc\u00dfe \ud83d\ude00 https:\/\/example.com\/a"}}]}]}"#;
        assert_eq!(sign(&Secret::new("s3cr3t-app-key"), body), "sha1=c8c8fb5b5d06c4dd3f83d8f8c83c3ab5caeb9e88");
    }
}
