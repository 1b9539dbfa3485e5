//! What a server and its emulated Meta are set to.

use rejoinder::Handlers;
use rejoinder::emulator::World;
use rejoinder::secret::Secret;

use super::{SHOP, logs};

/// The default world with secrets that the log is searched for.
pub fn world() -> World {
    let mut world = World::default();
    world.app.secret = Secret::new(format!("{}-app-secret", logs::CANARY));
    world.app.verify_token = Secret::new(format!("{}-verify-token", logs::CANARY));
    for account in &mut world.accounts {
        account.access_token = Secret::new(format!("EAA{}Token", logs::CANARY));
    }
    world
}

/// The settings of a server for [`world`], by their keys.
pub fn settings(meta: &str, store: &str, handler: &str) -> Vec<(String, String)> {
    let world = world();
    let mut settings = vec![
        ("server.listen".to_owned(), "127.0.0.1:0".to_owned()),
        ("admin.listen".to_owned(), "127.0.0.1:0".to_owned()),
        ("app.id".to_owned(), world.app.id.clone()),
        ("app.secret".to_owned(), world.app.secret.expose().to_owned()),
        ("app.verify_token".to_owned(), world.app.verify_token.expose().to_owned()),
        ("graph.url".to_owned(), meta.to_owned()),
        ("store.url".to_owned(), format!("sqlite://{store}")),
        ("dispatch.retry_jitter".to_owned(), "0%".to_owned()),
        ("sender.retry_jitter".to_owned(), "0%".to_owned()),
    ];
    for account in &world.accounts {
        let mut set = |key: &str, value: &str| {
            settings.push((format!("accounts.{}.{key}", account.name), value.to_owned()));
        };
        let instagram = account.name == "shop_ig";
        set("platform", if instagram { "instagram" } else { "messenger" });
        set("id", &account.id);
        set("access_token", account.access_token.expose());
        set("handler", handler);
        // What a bot says of its own accord is the subject of `automation` alone.
        set("bot", "hybrid");
        set("disclosure.enabled", "false");
        if instagram {
            set("page_id", SHOP);
        }
    }
    settings
}

/// The same as the environment gives them.
pub fn environment(settings: &[(String, String)]) -> Vec<(String, String)> {
    let name = |key: &str| format!("REJOINDER_{}", key.to_uppercase().replace('.', "__"));
    settings.iter().map(|(key, value)| (name(key), value.clone())).collect()
}

/// What a test wants otherwise than usual.
pub struct RigOptions {
    pub handler: &'static str,
    pub handlers: Handlers,
    pub settings: Vec<(&'static str, String)>,
    pub subscribe: bool,
    /// Whether the emulated Meta is told where the server's operator's API is, as under `dev`.
    pub shows_server: bool,
    pub world: World,
}

impl Default for RigOptions {
    fn default() -> RigOptions {
        let handlers = rejoinder::handlers::all();
        RigOptions {
            handler: "echo",
            handlers,
            settings: Vec::new(),
            subscribe: true,
            shows_server: false,
            world: world(),
        }
    }
}
