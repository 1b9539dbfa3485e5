//! `app.*`: the Meta app.

use super::reader::Reader;
use crate::id::AppId;
use crate::secret::Secret;

/// The Meta app, as its dashboard shows it.
#[derive(Clone, Debug)]
pub struct App {
    /// The app's id; echoes that carry it are this app's own.
    pub id: Option<AppId>,
    /// The app secret: signs webhooks and proves calls.
    pub secret: Secret,
    /// What Meta must say when it verifies the callback.
    pub verify_token: Secret,
    /// The id of the app's Instagram-Login product.
    pub instagram_id: Option<AppId>,
    /// The secret of the app's Instagram-Login product.
    pub instagram_secret: Option<Secret>,
    /// Secrets that still sign webhooks while the app changes over to a new one.
    pub old_secrets: Vec<Secret>,
}

impl App {
    pub(super) fn read(reader: &mut Reader) -> App {
        App {
            id: reader.optional::<String>("app.id").map(AppId::new),
            secret: reader.required_secret("app.secret"),
            verify_token: reader.required_secret("app.verify_token"),
            instagram_id: reader.optional::<String>("app.instagram_id").map(AppId::new),
            instagram_secret: reader.secret("app.instagram_secret"),
            old_secrets: reader.secret("app.old_secrets").unwrap_or_default(),
        }
    }

    /// Every secret that may sign a webhook today. Meta does not say which of its two an Instagram webhook is signed with.
    pub fn live_secrets(&self) -> impl Iterator<Item = &Secret> {
        std::iter::once(&self.secret).chain(&self.instagram_secret).chain(&self.old_secrets)
    }
}
