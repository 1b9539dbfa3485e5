//! A person agrees to be written to: by a plugin, or by the button of a request that the business sent.
//!
//! Meta: <https://developers.facebook.com/docs/messenger-platform/reference/webhook-events/messaging_optins>

use std::time::Duration;

use serde_json::{Value, json};

use super::super::act::Optin;
use super::super::refusal::Refusal;
use super::super::rights::{Token, TokenKind};
use super::Scene;

/// How long a token for marketing messages is good.
const EXPIRES_AFTER: Duration = Duration::from_secs(365 * 24 * 3600);

const DEFAULT_TITLE: &str = "Updates and promotions";

impl Scene<'_> {
    pub(super) fn optin(&mut self, optin: Optin) -> Result<Value, Refusal> {
        match optin {
            Optin::Plugin { reference } => {
                self.on_messenger("there is no Send-to-Messenger plugin")?;
                self.open();
                Ok(self.ends.by_person("optin", json!({"ref": reference})))
            }
            Optin::Checkbox { reference, user_ref } => {
                self.on_messenger("there is no checkbox plugin")?;
                let item = self.ends.checkbox(reference.as_deref(), &user_ref);
                self.chat().user_ref = Some(user_ref);
                self.open();
                Ok(item)
            }
            Optin::OneTime => self.one_time(),
            Optin::Marketing => self.marketing(),
            Optin::Stop => self.set_stopped(true),
            Optin::Resume => self.set_stopped(false),
        }
    }

    fn one_time(&mut self) -> Result<Value, Refusal> {
        self.on_messenger("there are no one-time notifications")?;
        let payload = self.request("one_time_notif_req")?["payload"].clone();
        let token = self.new_token(TokenKind::OneTime);
        let content = json!({"type": "one_time_notif_req", "payload": payload, "one_time_notif_token": token});
        Ok(self.ends.by_person("optin", content))
    }

    /// Who agrees again keeps the token, which lasts anew.
    fn marketing(&mut self) -> Result<Value, Refusal> {
        let request = self.request("notification_messages")?;
        let given = self.marketing_token().map(|(name, token)| {
            token.is_stopped = false;
            name.to_owned()
        });
        let at = self.ends.at;
        let status = if given.is_some() { "REFRESHED" } else { "NOT_REFRESHED" };
        let token = given.unwrap_or_else(|| self.new_token(TokenKind::Marketing));
        if let Some(token) = self.state.rights.tokens.get_mut(&token) {
            token.at = at;
        }
        let mut content = json!({
            "type": "notification_messages",
            "payload": request["payload"],
            "title": request["title"].as_str().unwrap_or(DEFAULT_TITLE),
            "notification_messages_token": token,
            "token_expiry_timestamp": at + EXPIRES_AFTER,
            "user_token_status": status,
        });
        if let Some(timezone) = request.get("notification_messages_timezone") {
            content["notification_messages_timezone"] = timezone.clone();
        }
        Ok(self.ends.by_person("optin", content))
    }

    fn set_stopped(&mut self, stopped: bool) -> Result<Value, Refusal> {
        let found = self.marketing_token().map(|(name, token)| {
            token.is_stopped = stopped;
            (name.to_owned(), token.at)
        });
        let (token, at) = found.ok_or_else(|| {
            let hint = "agree first: {\"do\":\"optin\",\"type\":\"marketing\"}";
            Refusal::new("this person gets no marketing messages", hint)
        })?;
        let status = if stopped { "STOP NOTIFICATIONS" } else { "RESUME NOTIFICATIONS" };
        let content = json!({
            "type": "notification_messages",
            "notification_messages_token": token,
            "token_expiry_timestamp": at + EXPIRES_AFTER,
            "user_token_status": "NOT_REFRESHED",
            "notification_messages_status": status,
        });
        Ok(self.ends.by_person("optin", content))
    }

    /// The last template of this type: its button is what a person agrees by.
    fn request(&mut self, template_type: &str) -> Result<Value, Refusal> {
        self.chat().template(template_type).cloned().ok_or_else(|| {
            let hint = format!("let the account ask first, with a template of type {template_type}");
            Refusal::new("nobody has asked this person", hint)
        })
    }

    fn new_token(&mut self, kind: TokenKind) -> String {
        let (chat, at) = (self.key, self.ends.at);
        let name = self.new_number(19);
        self.state.rights.keep_token(name.clone(), Token { chat, at, kind, sent_at: None, is_stopped: false });
        name
    }

    fn marketing_token(&mut self) -> Option<(&str, &mut Token)> {
        let key = self.key;
        let mut tokens = self.state.rights.tokens.iter_mut();
        tokens
            .find(|(_, token)| token.chat == key && token.kind == TokenKind::Marketing)
            .map(|(name, token)| (name.as_str(), token))
    }
}
