//! The signatures of Meta's platform, over raw bytes.
//!
//! A webhook is signed with the app secret in `X-Hub-Signature-256`; a Graph call carries an `appsecret_proof`. Both are
//! HMAC-SHA256. The older SHA-1 header is not looked at.
//! Meta: <https://developers.facebook.com/docs/messenger-platform/webhooks#validate-payloads>

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::secret::Secret;

/// The header that carries the signature of a webhook.
pub const HEADER: &str = "x-hub-signature-256";

const PREFIX: &str = "sha256=";

/// The value of [`HEADER`] for `body`: `sha256=` and 64 lower-case hexadecimal digits.
pub fn sign(secret: &Secret, body: &[u8]) -> String {
    format!("{PREFIX}{}", hex::encode(mac(secret, body).finalize().into_bytes()))
}

/// Whether `header` has the form of a signature, of whatever it may be.
pub fn is_well_formed(header: &[u8]) -> bool {
    claimed(header).is_some()
}

/// The secrets that may sign, each hashed once for all that it is to verify.
#[derive(Clone)]
pub struct Verifier(Vec<Hmac<Sha256>>);

impl Verifier {
    /// Verifies under these.
    pub fn of<'a>(secrets: impl IntoIterator<Item = &'a Secret>) -> Verifier {
        Verifier(secrets.into_iter().map(keyed).collect())
    }

    /// Whether `header` signs `body` under one of the secrets. Hexadecimal digits count in either case; comparison takes the same
    /// time wherever the difference is, and every secret is tried so that the time does not tell which one matched.
    pub fn verify(&self, header: &[u8], body: &[u8]) -> bool {
        let Some(claimed) = claimed(header) else { return false };
        self.0
            .iter()
            .fold(false, |matched, keyed| matched | keyed.clone().chain_update(body).verify_slice(&claimed).is_ok())
    }
}

impl std::fmt::Debug for Verifier {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Verifier({} secrets)", self.0.len())
    }
}

/// The `appsecret_proof` of a call made with `token`.
/// Meta: <https://developers.facebook.com/docs/graph-api/guides/secure-requests#appsecret_proof>
pub fn appsecret_proof(secret: &Secret, token: &Secret) -> String {
    hex::encode(mac(secret, token.expose().as_bytes()).finalize().into_bytes())
}

fn claimed(header: &[u8]) -> Option<[u8; 32]> {
    let mut claimed = [0; 32];
    hex::decode_to_slice(header.strip_prefix(PREFIX.as_bytes())?, &mut claimed).ok()?;
    Some(claimed)
}

fn mac(secret: &Secret, message: &[u8]) -> Hmac<Sha256> {
    keyed(secret).chain_update(message)
}

fn keyed(secret: &Secret) -> Hmac<Sha256> {
    Hmac::new_from_slice(secret.expose().as_bytes()).expect("HMAC takes a key of any length")
}

#[cfg(test)]
mod tests {
    use super::*;

    // The vectors of Meta's own escaping: the body is hashed as it is on the wire, `\u` and `\/` included.
    const BODY: &[u8] = br#"{"object":"page","entry":[{"id":"104000000000001","time":1790000000123,"messaging":[{"sender":{"id":"7200000000000011"},"recipient":{"id":"104000000000001"},"timestamp":1790000000001,"message":{"mid":"m_A1","text":"Gr\u00fc\u00dfe \ud83d\ude00 https:\/\/example.com\/a"}}]}]}"#;
    const SIGNED: &str = "sha256=0b62d2b1ec3a2d461ef5a3ff6345dbf39c49dbdc25248aa0002d0fc5e1988fcf";

    fn secret(text: &str) -> Secret {
        Secret::new(text)
    }

    #[test]
    fn signs_as_meta_does() {
        assert_eq!(sign(&secret("s3cr3t-app-key"), BODY), SIGNED);
    }

    #[test]
    fn proves_as_meta_asks() {
        let proof = appsecret_proof(&secret("s3cr3t-app-key"), &secret("EAAtoken123"));
        assert_eq!(proof, "4a831d63446edb31c3e33eb16a279186c90c344920f66a4593ead764a7dce1b2");
    }

    #[test]
    fn verifies_only_what_was_signed() {
        let right = secret("s3cr3t-app-key");
        let upper = SIGNED.to_uppercase().replace("SHA256", "sha256");
        let check = |secrets: &[Secret], header: &str, body: &[u8], expected: bool| {
            assert_eq!(Verifier::of(secrets).verify(header.as_bytes(), body), expected, "{header}");
        };
        check(std::slice::from_ref(&right), SIGNED, BODY, true);
        check(std::slice::from_ref(&right), &upper, BODY, true);
        check(&[secret("old"), right.clone()], SIGNED, BODY, true);
        check(&[right.clone(), secret("old")], SIGNED, BODY, true);
        check(&[secret("old")], SIGNED, BODY, false);
        check(&[], SIGNED, BODY, false);
        check(std::slice::from_ref(&right), SIGNED, &BODY[1..], false);
        check(std::slice::from_ref(&right), "", BODY, false);
        check(std::slice::from_ref(&right), "sha256=", BODY, false);
        check(std::slice::from_ref(&right), &SIGNED[..70], BODY, false);
        check(std::slice::from_ref(&right), &format!("{SIGNED}00"), BODY, false);
        check(std::slice::from_ref(&right), &SIGNED.replace("sha256", "sha1"), BODY, false);
        check(std::slice::from_ref(&right), &SIGNED.replace('0', "g"), BODY, false);
    }

    #[test]
    fn a_body_that_was_written_anew_does_not_pass() {
        let value: serde_json::Value = serde_json::from_slice(BODY).expect("the vector is JSON");
        let rewritten = serde_json::to_vec(&value).expect("a value can be written");
        assert!(!Verifier::of(&[secret("s3cr3t-app-key")]).verify(SIGNED.as_bytes(), &rewritten));
    }
}
