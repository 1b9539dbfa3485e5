//! A person agrees to be written to: by a plugin, or by the button of a request that the business sent.
//!
//! Meta: <https://developers.facebook.com/docs/messenger-platform/reference/webhook-events/messaging_optins>

use serde_json::{Value, json};

use super::super::act::Optin;
use super::super::refusal::Refusal;
use super::super::rights::{TOKEN_LIFE, Token, TokenKind};
use super::scene::Scene;

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
        let token = self.new_number(19);
        self.state.rights.keep_token(token.clone(), Token::new(self.key, self.ends.at, TokenKind::OneTime));
        let content = json!({"type": "one_time_notif_req", "payload": payload, "one_time_notif_token": token});
        Ok(self.ends.by_person("optin", content))
    }

    /// Who agrees again keeps the token, which lasts anew.
    fn marketing(&mut self) -> Result<Value, Refusal> {
        self.on_messenger("there are no marketing messages")?;
        let request = self.request("notification_messages")?;
        let text = |key: &str| request[key].as_str().map(str::to_owned);
        let (at, given) = (self.ends.at, self.marketing_token());
        let (name, before) = match given {
            Some((name, before)) => (name.to_owned(), Some(before.sent_at)),
            None => (self.new_number(19), None),
        };
        let token = Token {
            sent_at: before.flatten(),
            is_refreshed: before.is_some(),
            title: Some(text("title").unwrap_or_else(|| DEFAULT_TITLE.to_owned())),
            timezone: text("notification_messages_timezone"),
            ..Token::new(self.key, at, TokenKind::Marketing)
        };
        let mut content = marketing(&name, &token);
        content["payload"] = request["payload"].clone();
        content["title"] = json!(token.title);
        if let Some(timezone) = &token.timezone {
            content["notification_messages_timezone"] = json!(timezone);
        }
        self.state.rights.keep_token(name, token);
        Ok(self.ends.by_person("optin", content))
    }

    fn set_stopped(&mut self, stopped: bool) -> Result<Value, Refusal> {
        let found = self.marketing_token().map(|(name, token)| {
            token.is_stopped = stopped;
            marketing(name, token)
        });
        let mut content = found.ok_or_else(|| {
            let hint = "agree first: {\"do\":\"optin\",\"type\":\"marketing\"}";
            Refusal::new("this person gets no marketing messages", hint)
        })?;
        let status = if stopped { "STOP NOTIFICATIONS" } else { "RESUME NOTIFICATIONS" };
        content["notification_messages_status"] = json!(status);
        Ok(self.ends.by_person("optin", content))
    }

    /// The last template of this type: its button is what a person agrees by.
    fn request(&mut self, template_type: &str) -> Result<Value, Refusal> {
        self.chat().template(template_type).cloned().ok_or_else(|| {
            let hint = format!("let the account ask first, with a template of type {template_type}");
            Refusal::new("nobody has asked this person", hint)
        })
    }

    fn marketing_token(&mut self) -> Option<(&str, &mut Token)> {
        let key = self.key;
        let mut tokens = self.state.rights.tokens.iter_mut();
        tokens
            .find(|(_, token)| token.chat == key && token.kind == TokenKind::Marketing)
            .map(|(name, token)| (name.as_str(), token))
    }
}

/// What every opt-in for marketing messages tells of its token.
fn marketing(name: &str, token: &Token) -> Value {
    json!({
        "type": "notification_messages",
        "notification_messages_token": name,
        "token_expiry_timestamp": token.at + TOKEN_LIFE,
        "user_token_status": token.status(),
    })
}
