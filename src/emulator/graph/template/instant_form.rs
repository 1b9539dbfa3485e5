//! `instant_form`: a form that was made in advance.

use super::super::error::GraphError;
use super::super::part::Part;
use super::form::only;

pub(super) fn check(payload: &Part<'_>) -> Result<(), GraphError> {
    only(payload, &["form_id"])?;
    let form_id = payload.required("form_id")?.name()?;
    // The forms themselves are not emulated: whatever looks like one of their ids is a form.
    if form_id.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(());
    }
    Err(GraphError::api(1, "The form does not exist or is not eligible").with(2_018_382))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::judge_on_messenger;

    #[test]
    fn a_form_by_its_id() {
        let form = |id: &str| json!({"template_type": "instant_form", "form_id": id});
        judge_on_messenger(&form("6001"), None);
        judge_on_messenger(&form("signup"), Some("2018382"));
        judge_on_messenger(&json!({"template_type": "instant_form"}), Some("[form_id] is required"));
    }
}
