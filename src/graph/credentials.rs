//! What a call shows of who makes it: the token, and the proof that the caller holds the app's secret.
//!
//! Meta: <https://developers.facebook.com/docs/graph-api/guides/secure-requests#appsecret_proof>

use reqwest::Url;
use reqwest::header::{HeaderValue, InvalidHeaderValue};

use crate::secret::Secret;
use crate::signature;

/// A token and its proof, ready to be sent.
#[derive(Clone, Debug)]
pub(super) struct Credentials {
    authorization: HeaderValue,
    proof: Option<Secret>,
}

impl Credentials {
    /// Of a token, with a proof where there is a secret to prove.
    pub(super) fn new(token: &Secret, secret: Option<&Secret>) -> Result<Credentials, InvalidHeaderValue> {
        let mut authorization = HeaderValue::try_from(format!("Bearer {}", token.expose()))?;
        authorization.set_sensitive(true);
        let proof = secret.map(|secret| Secret::new(signature::appsecret_proof(secret, token)));
        Ok(Credentials { authorization, proof })
    }

    /// The value of `Authorization`.
    pub(super) fn authorization(&self) -> HeaderValue {
        self.authorization.clone()
    }

    /// Adds the proof to an address.
    pub(super) fn prove(&self, url: &mut Url) {
        if let Some(proof) = &self.proof {
            url.query_pairs_mut().append_pair("appsecret_proof", proof.expose());
        }
    }
}
