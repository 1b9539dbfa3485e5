//! The settings of a server for an emulated world, in the form in which an operator gives them.

use crate::emulator::{Platform, World};

/// The settings by their names in the environment: the world's app and accounts, `handler` on each of them, and Meta at
/// `meta`.
pub(crate) fn settings_of(world: &World, meta: &str, store: &str, handler: &str) -> Vec<(String, String)> {
    let mut settings = vec![
        ("APP__ID".to_owned(), world.app.id.clone()),
        ("APP__SECRET".to_owned(), world.app.secret.expose().to_owned()),
        ("APP__VERIFY_TOKEN".to_owned(), world.app.verify_token.expose().to_owned()),
        ("GRAPH__URL".to_owned(), meta.to_owned()),
        ("GRAPH__INSTAGRAM_URL".to_owned(), meta.to_owned()),
        ("STORE__URL".to_owned(), format!("sqlite://{store}")),
    ];
    for account in &world.accounts {
        let name = account.name.to_uppercase();
        let mut set = |key: &str, value: &str| settings.push((format!("ACCOUNTS__{name}__{key}"), value.to_owned()));
        set("PLATFORM", platform(account.platform));
        set("ID", &account.id);
        set("ACCESS_TOKEN", account.access_token.expose());
        set("HANDLER", handler);
        // `none` is for accounts that people answer; in an emulated world the developer is all people there are.
        set("BOT", if handler == "none" { "manual" } else { "automated" });
        if account.platform == Platform::Instagram {
            set("PAGE_ID", account.page_id.as_deref().unwrap_or_default());
        }
    }
    settings.into_iter().map(|(name, value)| (format!("REJOINDER_{name}"), value)).collect()
}

fn platform(platform: Platform) -> &'static str {
    match platform {
        Platform::Messenger => "messenger",
        Platform::Instagram => "instagram",
        Platform::InstagramLogin => "instagram-login",
    }
}
