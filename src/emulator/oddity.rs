//! What some accounts get in place of what is documented: edits that no person made, echoes under another id, half a character.
//!
//! Other faults change how an event is delivered; these change what it says.

use serde_json::{Value, json};

use super::escape::HALF;
use super::faults::PushFault;
use super::world::Account;

/// What is told in the place of `item`, where the fault is one of those.
pub(super) fn bent(fault: PushFault, account: &Account, item: &Value) -> Option<Vec<Value>> {
    match fault {
        PushFault::EditBeside => Some(vec![item.clone(), edit(item)]),
        PushFault::EditAlone => Some(vec![edit(item)]),
        PushFault::EditBare => {
            let mut bare = edit(item);
            without(&mut bare, "sender");
            without(&mut bare["message_edit"], "text");
            Some(vec![bare])
        }
        PushFault::EchoOtherId => {
            let mut echo = item.clone();
            echo["sender"]["id"] = json!(account.other_id());
            Some(vec![echo])
        }
        PushFault::HalfSurrogate => {
            let mut cut = item.clone();
            let text = cut["message"]["text"].as_str().unwrap_or_default();
            cut["message"]["text"] = json!(format!("{text}{HALF}"));
            Some(vec![cut])
        }
        PushFault::Duplicate
        | PushFault::Reorder
        | PushFault::Delay
        | PushFault::DropThenRetry
        | PushFault::Batch
        | PushFault::EchoLate
        | PushFault::EchoLost => None,
    }
}

/// The edit with the number 0 that tells of a message.
fn edit(item: &Value) -> Value {
    let mut edit = item.clone();
    let message = without(&mut edit, "message").unwrap_or_default();
    edit["message_edit"] = json!({"mid": message["mid"]});
    if let Some(text) = message.get("text") {
        edit["message_edit"]["text"] = text.clone();
    }
    edit["message_edit"]["num_edit"] = json!(0);
    edit
}

fn without(object: &mut Value, key: &str) -> Option<Value> {
    object.as_object_mut()?.shift_remove(key)
}
