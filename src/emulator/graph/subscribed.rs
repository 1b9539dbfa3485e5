//! Which of an account's events the app is told of.
//!
//! Meta: <https://developers.facebook.com/docs/graph-api/reference/page/subscribed_apps>

use serde_json::json;

use super::super::subscriptions::names;
use super::ask::{Answer, Ask, Verb};
use super::error::GraphError;
use super::object::Object;

/// `/{page}/subscribed_apps`.
pub(super) fn answer(ask: &mut Ask<'_>) -> Answer {
    let account = ask.account()?;
    let world = &ask.shared.world;
    match ask.verb {
        Verb::Get => {
            let connected = ask.state.subscriptions.connected(world, account);
            let apps: Vec<_> = connected.map(|fields| app(ask, &fields)).into_iter().collect();
            ask.list(&apps)
        }
        Verb::Post => {
            let fields = ask.names("subscribed_fields")?;
            if fields.is_empty() {
                return Err(GraphError::required("subscribed_fields"));
            }
            check("subscribed_fields", &fields, world.accounts[account].platform.object())?;
            ask.state.subscriptions.connect(world, account, &fields.into_iter().collect());
            Ok(json!({"success": true}))
        }
        Verb::Delete => {
            ask.state.subscriptions.disconnect(world, account);
            Ok(json!({"success": true}))
        }
    }
}

fn app(ask: &Ask<'_>, fields: &[String]) -> Object<'static> {
    let values = [
        ("category", json!("Business")),
        ("link", json!("https://www.facebook.com/games/?app_id=".to_owned() + &ask.shared.world.app.id)),
        ("name", json!("Emulated App")),
        ("subscribed_fields", json!(fields)),
    ];
    let usual: &[&str] = &["category", "link", "name", "subscribed_fields"];
    Object::plain("Application", &ask.shared.world.app.id, usual, values)
}

/// Refuses a list with a name in it that events of this kind of object do not have.
pub(super) fn check(parameter: &str, fields: &[String], object: &str) -> Result<(), GraphError> {
    let known = names(object);
    let unknown = fields.iter().enumerate().find(|(_, field)| !known.contains(&field.as_str()));
    unknown.map_or(Ok(()), |(index, field)| {
        let known = known.join(", ");
        Err(GraphError::parameter(format!("Param {parameter}[{index}] must be one of {{{known}}} - got \"{field}\".")))
    })
}
